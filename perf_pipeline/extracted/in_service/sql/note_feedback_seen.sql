UPDATE perf.extracted_feedback AS kept SET last_seen_at = greatest(kept.last_seen_at, :now)
FROM staged_feedback AS seen
WHERE
    seen.reason IS NULL AND kept.service = :service AND kept.source = 'in-service'
    AND kept.report_date = (seen.received_at AT TIME ZONE :timezone)::date AND kept.feedback_key = seen.feedback_key
