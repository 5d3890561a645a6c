-- Sources whose last reading failed, on the days that nothing is known of for want of it, and on the newest day.
SELECT
    needed.subject,
    needed.dataset,
    days.period_start::date AS period_start,
    needed.source_name || coalesce(': ' || reading.failure, '') AS observed,
    'to read ' || needed.source_name AS expected
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (subject text, source_name text, dataset text, first_day date)
JOIN perf.source_readings AS reading USING (subject, source_name)
CROSS JOIN LATERAL generate_series(
    greatest(needed.first_day, reading.owed_from)::timestamp, CAST(:last_day AS date), interval '1 day'
) AS days (period_start)
LEFT JOIN perf.source_deliveries AS delivered
    ON delivered.subject = needed.subject
    AND delivered.source_name = needed.source_name
    AND delivered.period_start = days.period_start::date
WHERE
    reading.outcome = 'failed'
    AND (delivered.subject IS NULL OR days.period_start::date = CAST(:last_day AS date))
