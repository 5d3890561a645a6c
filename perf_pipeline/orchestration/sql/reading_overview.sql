SELECT
    reading.subject,
    reading.source_name,
    reading.outcome,
    reading.failure,
    reading.attempted_at,
    count(delivered.period_start) AS days,
    max(delivered.period_start) AS newest
FROM perf.source_readings AS reading
LEFT JOIN perf.source_deliveries AS delivered USING (subject, source_name)
WHERE reading.subject = ANY(:subjects)
GROUP BY reading.subject, reading.source_name
ORDER BY reading.subject, reading.source_name
