-- A row is judged once, when it is first read. A double submission is kept as a row that is never counted. Otherwise it
-- would be taken for a rating of its own once the source has pruned the counted row.
-- Nobody else writes to the extract now, so a plain INSERT is safe. It is faster than one that looks for conflicts.
INSERT INTO perf.extracted_feedback (
    service, source, report_date, granularity, feedback_key, received_at, rating, ratings_count, page_path,
    first_seen_at, last_seen_at, superseded_at
)
SELECT
    :service, 'in-service', (seen.received_at AT TIME ZONE :timezone)::date, 'response', seen.feedback_key,
    seen.received_at, seen.rating, 1, seen.page_path, :now, :now,
    CASE WHEN seen.is_duplicate THEN CAST(:now AS timestamptz) END
FROM staged_feedback AS seen
LEFT JOIN perf.extracted_feedback AS held
    ON held.service = :service AND held.source = 'in-service'
    AND held.report_date = (seen.received_at AT TIME ZONE :timezone)::date
    AND held.feedback_key = seen.feedback_key
WHERE seen.reason IS NULL AND held.feedback_key IS NULL
