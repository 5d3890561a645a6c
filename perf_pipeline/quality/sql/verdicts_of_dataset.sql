-- On the days of a range, and on the other days that the run has judged.
SELECT period_start, subject, check_name, severity, result, observed, expected
FROM perf.verdicts
WHERE dataset = :dataset AND (period_start BETWEEN :first_day AND :last_day OR run_id = :run_id)
ORDER BY period_start, subject, severity, check_name
