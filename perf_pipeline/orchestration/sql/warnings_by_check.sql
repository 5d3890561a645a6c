SELECT service, check_name, count(*) AS warnings
FROM perf.verdicts
WHERE result <> 'passed' AND severity = 'warning' AND report_date > :after
GROUP BY service, check_name
ORDER BY service, check_name
