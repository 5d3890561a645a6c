-- Days of which there should be rows.
SELECT DISTINCT service, report_date
FROM perf.source_deliveries
WHERE source_name = ANY(:sources) AND delivered_at IS NOT NULL AND report_date BETWEEN :first_day AND :last_day
