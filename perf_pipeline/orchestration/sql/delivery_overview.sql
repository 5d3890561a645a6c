SELECT service, source_name, outcome, count(*) AS days, max(report_date) AS newest, max(failure) AS failure
FROM perf.source_deliveries
GROUP BY service, source_name, outcome
ORDER BY service, source_name, outcome
