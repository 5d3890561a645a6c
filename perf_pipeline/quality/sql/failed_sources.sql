SELECT dataset, subject, period_start, check_name, severity, result, observed, expected
FROM perf.verdicts
WHERE result <> 'passed' AND check_name = ANY(:source_checks) AND subject = ANY(:subjects)
ORDER BY period_start, dataset, subject, check_name
