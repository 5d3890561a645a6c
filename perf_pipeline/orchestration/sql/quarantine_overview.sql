SELECT service, source_name, reason, count(*) AS rows, max(report_date) AS newest
FROM perf.quarantined_rows
WHERE resolved_at IS NULL
GROUP BY service, source_name, reason
ORDER BY service, source_name, reason
