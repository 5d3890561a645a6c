-- Days that are due and not delivered, or counted from single responses because the aggregate has not come. A day that the
-- source itself calls complete is another fault, and so is a source that could not be read: each has its own check.
SELECT
    needed.subject,
    needed.dataset,
    days.period_start::date AS period_start,
    needed.source_name || ' has delivered nothing, or only a part' || coalesce(
        (
            SELECT '; unusable files: ' || string_agg(DISTINCT unusable.file_name, ', ')
            FROM perf.quarantined_rows AS unusable
            WHERE
                unusable.subject = needed.subject
                AND unusable.source_name = needed.source_name
                AND unusable.row_ref = unusable.file_name
                AND unusable.resolved_at IS NULL
        ),
        ''
    ) AS observed,
    'the whole day by now' AS expected
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (
    subject text, source_name text, dataset text, first_day date, late_up_to date, is_counted_by_source boolean
)
JOIN perf.source_readings AS reading USING (subject, source_name)
CROSS JOIN LATERAL generate_series(
    greatest(needed.first_day, reading.asked_from)::timestamp,
    least(needed.late_up_to, CAST(:last_day AS date)),
    interval '1 day'
) AS days (period_start)
LEFT JOIN perf.source_deliveries AS delivered
    ON delivered.subject = needed.subject
    AND delivered.source_name = needed.source_name
    AND delivered.period_start = days.period_start::date
WHERE
    reading.outcome = 'read'
    AND (days.period_start::date <= reading.complete_up_to) IS NOT TRUE
    AND (
        delivered.subject IS NULL
        OR EXISTS (
            SELECT 1
            FROM perf.extracted_feedback AS counted
            WHERE
                counted.service = needed.subject
                AND counted.source = needed.source_name
                AND needed.is_counted_by_source
                AND counted.report_date = days.period_start::date
                AND counted.superseded_at IS NULL
                AND counted.granularity = 'response'
        )
    )
