INSERT INTO perf.extracted_feedback AS kept (
    service, source, report_date, granularity, feedback_key, received_at, rating, ratings_count, page_path, delivery,
    first_seen_at, last_seen_at
)
SELECT
    :service, 'in-service', (received_at AT TIME ZONE :timezone)::date, 'response', feedback_key, received_at, rating, 1,
    page_path, 'feedback table', :now, :now
FROM staged_feedback
WHERE reason IS NULL AND NOT is_duplicate
ON CONFLICT (service, source, report_date, feedback_key) DO UPDATE SET last_seen_at = excluded.last_seen_at
