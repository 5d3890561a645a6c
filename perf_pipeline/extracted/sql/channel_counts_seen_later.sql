SELECT report_date, lpa_type
FROM perf.extracted_channel_counts
WHERE service = :service AND superseded_at IS NULL AND last_seen_at > :now
