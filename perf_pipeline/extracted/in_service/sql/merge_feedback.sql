-- A row is judged once, when it is first read. A double submission is kept as a row that is never counted. Otherwise it
-- would be taken for a rating of its own once the source has pruned the counted row.
INSERT INTO perf.extracted_feedback AS kept (
    service, source, report_date, granularity, feedback_key, received_at, rating, ratings_count, page_path,
    first_seen_at, last_seen_at, superseded_at
)
SELECT
    :service, 'in-service', (received_at AT TIME ZONE :timezone)::date, 'response', feedback_key, received_at, rating, 1,
    page_path, :now, :now, CASE WHEN is_duplicate THEN CAST(:now AS timestamptz) END
FROM staged_feedback
WHERE reason IS NULL
ON CONFLICT (service, source, report_date, feedback_key) DO UPDATE SET
    last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at)
