-- What did not pass and is more than a warning: on the days of a range, in the months that it touches, or in this run,
-- which may have built earlier days too.
SELECT
    verdict.dataset,
    verdict.subject,
    verdict.period_start,
    verdict.check_name,
    verdict.severity,
    verdict.result,
    verdict.observed,
    verdict.expected
FROM perf.verdicts AS verdict
WHERE
    verdict.severity <> 'warning' AND verdict.result <> 'passed' AND verdict.dataset = ANY(:datasets)
    AND verdict.check_name <> ALL(:source_checks) AND verdict.subject = ANY(:subjects)
    AND (
        verdict.run_id = :run_id
        OR verdict.period_start BETWEEN :first_day AND :last_day
        OR verdict.dataset = ANY(:monthly)
        AND verdict.period_start BETWEEN date_trunc('month', CAST(:first_day AS date)) AND :last_day
    )
ORDER BY verdict.period_start, verdict.dataset, verdict.subject, verdict.check_name
