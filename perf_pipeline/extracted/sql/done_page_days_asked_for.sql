-- The first and the last day that the exports were ever asked for; null before the first time.
SELECT min(report_date) AS first_day, max(report_date) AS last_day
FROM perf.source_deliveries
WHERE source_name = 'done-page'
