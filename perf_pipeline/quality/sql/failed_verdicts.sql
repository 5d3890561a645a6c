-- What did not pass and is more than a warning: on the days of a range, in the months that it touches, or in this run,
-- which may have built earlier days too. Unknown is a day that its source has never delivered.
SELECT
    verdict.dataset,
    verdict.service,
    verdict.report_date,
    verdict.check_name,
    verdict.severity,
    verdict.result,
    verdict.observed,
    verdict.expected
FROM perf.verdicts AS verdict
WHERE
    verdict.severity <> 'warning' AND verdict.result <> 'passed' AND verdict.dataset = ANY(:datasets)
    AND (
        verdict.run_id = :run_id
        OR verdict.report_date BETWEEN :first_day AND :last_day
        OR verdict.dataset = ANY(:monthly) AND verdict.report_date BETWEEN date_trunc('month', CAST(:first_day AS date)) AND :last_day
    )
ORDER BY verdict.report_date, verdict.dataset, verdict.service, verdict.check_name
