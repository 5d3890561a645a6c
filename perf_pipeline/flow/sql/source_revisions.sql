-- The revision count of each source for each subject and day. It is null for a source without an address. A source has no
-- key if it has not delivered the day, or if the day is before its first day.
SELECT
    needed.subject,
    periods.period_start,
    coalesce(
        jsonb_object_agg(needed.source_name, delivered.revision_count) FILTER (
            WHERE
                delivered.revision_count IS NOT NULL
                OR (NOT needed.is_set AND periods.period_start >= needed.first_day)
        ),
        '{}'
    )::text AS source_revisions
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (
    subject text, source_name text, is_set boolean, first_day date
)
CROSS JOIN (
    SELECT generate_series(CAST(:first_day AS timestamp), :last_day, interval '1 day')::date AS period_start
) AS periods
LEFT JOIN perf.source_deliveries AS delivered
    ON delivered.subject = needed.subject
    AND delivered.source_name = needed.source_name
    AND delivered.period_start = periods.period_start
GROUP BY needed.subject, periods.period_start
