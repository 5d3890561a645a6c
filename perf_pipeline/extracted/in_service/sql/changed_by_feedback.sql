-- Days on which the staged ratings change the extract: new ratings, rows that have become unusable, and rows that have
-- become usable. Rows that are no longer in the source change nothing.
SELECT DISTINCT (seen.received_at AT TIME ZONE :timezone)::date AS report_date
FROM staged_feedback AS seen
LEFT JOIN perf.extracted_feedback AS held
    ON held.service = :service AND held.source = 'in-service'
    AND held.report_date = (seen.received_at AT TIME ZONE :timezone)::date
    AND held.feedback_key = seen.feedback_key
LEFT JOIN perf.quarantined_rows AS unusable
    ON unusable.subject = :service AND unusable.source_name = 'in-service' AND unusable.row_ref = seen.row_ref
    AND unusable.resolved_at IS NULL
WHERE
    (seen.reason IS NULL AND held.feedback_key IS NULL)
    OR seen.reason IS DISTINCT FROM unusable.reason
