SELECT report_date, service, check_name, severity, result, observed, expected
FROM perf.verdicts
WHERE dataset = :dataset AND report_date BETWEEN :first_day AND :last_day
ORDER BY report_date, service, severity, check_name
