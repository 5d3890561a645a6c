-- Warnings on days after the given one, by check, with what was found on the newest of them.
SELECT
    subject,
    dataset,
    check_name,
    array_agg(period_start ORDER BY period_start) AS days,
    (array_agg(result ORDER BY period_start DESC))[1] AS result,
    replace((array_agg(observed ORDER BY period_start DESC))[1], E'\n', '; ') AS observed,
    replace((array_agg(expected ORDER BY period_start DESC))[1], E'\n', '; ') AS expected
FROM perf.verdicts
WHERE result <> 'passed' AND severity = 'warning' AND period_start > :after AND subject = ANY(:subjects)
GROUP BY subject, dataset, check_name
ORDER BY subject, dataset, check_name
