-- Days that a source calls complete and has not delivered whole. Most sources do not say how far they are complete.
SELECT
    needed.subject,
    needed.dataset,
    days.period_start::date AS period_start,
    needed.source_name || ' has no usable data, or only a part' || coalesce(
        (
            SELECT '; unusable rows: ' || string_agg(DISTINCT replace(unusable.reason, '_', ' '), ', ')
            FROM perf.quarantined_rows AS unusable
            WHERE
                unusable.subject = needed.subject
                AND unusable.source_name = needed.source_name
                AND unusable.period_start = days.period_start::date
                AND unusable.resolved_at IS NULL
        ),
        ''
    ) AS observed,
    'the whole day, because the source says that it is complete up to ' || reading.complete_up_to AS expected
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (subject text, source_name text, dataset text, first_day date)
JOIN perf.source_readings AS reading USING (subject, source_name)
CROSS JOIN LATERAL generate_series(
    greatest(needed.first_day, reading.asked_from)::timestamp,
    least(reading.complete_up_to, CAST(:last_day AS date)),
    interval '1 day'
) AS days (period_start)
LEFT JOIN perf.source_deliveries AS delivered
    ON delivered.subject = needed.subject
    AND delivered.source_name = needed.source_name
    AND delivered.period_start = days.period_start::date
WHERE reading.outcome = 'read' AND reading.complete_up_to IS NOT NULL AND delivered.subject IS NULL
