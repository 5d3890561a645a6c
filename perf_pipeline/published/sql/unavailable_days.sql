-- Days of which a source can know nothing: its address is not set, or they lie before its first day. What it delivered
-- before is known all the same.
SELECT
    needed.subject,
    needed.source_name,
    days.day::date AS day,
    days.day::date < needed.first_day AS is_too_early
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (
    subject text, source_name text, is_set boolean, first_day date
)
CROSS JOIN generate_series(CAST(:first_day AS timestamp), :last_day, interval '1 day') AS days (day)
LEFT JOIN perf.source_deliveries AS delivered
    ON delivered.subject = needed.subject
    AND delivered.source_name = needed.source_name
    AND delivered.period_start = days.day::date
WHERE delivered.subject IS NULL AND (NOT needed.is_set OR days.day::date < needed.first_day)
ORDER BY needed.subject, needed.source_name, day
