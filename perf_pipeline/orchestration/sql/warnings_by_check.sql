SELECT subject, check_name, count(*) AS warnings
FROM perf.verdicts
WHERE result <> 'passed' AND severity = 'warning' AND period_start > :after
GROUP BY subject, check_name
ORDER BY subject, check_name
