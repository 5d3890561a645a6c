-- Files that are unusable as a whole, end early, or wait for a person.
SELECT
    needed.subject,
    needed.dataset,
    CAST(:last_day AS date) AS period_start,
    needed.source_name || ': ' || string_agg(
        unusable.file_name || ': ' || replace(unusable.reason, '_', ' ') || coalesce(' (' || unusable.detail || ')', ''),
        ', ' ORDER BY unusable.file_name
    ) AS observed,
    'files that can be used as a whole' AS expected
FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (subject text, source_name text, dataset text)
JOIN perf.quarantined_rows AS unusable USING (subject, source_name)
WHERE unusable.row_ref = unusable.file_name AND unusable.resolved_at IS NULL
GROUP BY needed.subject, needed.dataset, needed.source_name
