SELECT
    reading.subject AS service,
    reading.source_name AS source,
    reading.outcome,
    reading.failure,
    reading.attempted_at,
    reading.owed_from,
    count(delivered.period_start) AS days_delivered,
    max(delivered.period_start) AS newest_day
FROM perf.source_readings AS reading
LEFT JOIN perf.source_deliveries AS delivered USING (subject, source_name)
WHERE reading.source_name = ANY(:sources)
GROUP BY reading.subject, reading.source_name
ORDER BY reading.subject, reading.source_name
