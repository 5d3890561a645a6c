-- The days that a source has not delivered and that are not late yet.
SELECT needed.subject, needed.source_name, array_agg(days.period_start ORDER BY days.period_start) AS days
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (subject text, source_name text, first_day date, late_up_to date)
CROSS JOIN LATERAL (
    SELECT generate_series(
        greatest(needed.first_day, needed.late_up_to + 1)::timestamp, CAST(:last_day AS date)::timestamp, interval '1 day'
    )::date AS period_start
) AS days
WHERE
    NOT EXISTS (
        SELECT 1
        FROM perf.source_deliveries AS delivered
        WHERE
            delivered.subject = needed.subject AND delivered.source_name = needed.source_name
            AND delivered.period_start = days.period_start
    )
GROUP BY needed.subject, needed.source_name
ORDER BY needed.subject, needed.source_name
