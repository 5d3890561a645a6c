SELECT
    report_date, lpa_type, online_count, assisted_count, paper_count, phone_count, other_count, unknown_count, total_count,
    is_final, last_seen_at
FROM perf.extracted_channel_counts
WHERE service = :service AND superseded_at IS NULL AND report_date BETWEEN :first_day AND :last_day
