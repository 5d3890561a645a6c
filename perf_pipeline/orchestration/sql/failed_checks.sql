-- What stands against days now, and is more than a warning, with what was found on the newest of them.
SELECT
    service,
    dataset,
    check_name,
    array_agg(report_date ORDER BY report_date) AS days,
    (array_agg(observed ORDER BY report_date DESC))[1] AS observed,
    (array_agg(expected ORDER BY report_date DESC))[1] AS expected
FROM perf.verdicts
WHERE result <> 'passed' AND severity <> 'warning'
GROUP BY service, dataset, check_name
ORDER BY service, dataset, check_name
