-- Days of which there should be rows.
SELECT DISTINCT subject, period_start
FROM perf.source_deliveries
WHERE source_name = ANY(:sources) AND period_start BETWEEN :first_day AND :last_day
