-- A day is final when Sirius marks it as final, or when Sirius may no longer revise it.
SELECT
    service,
    report_date,
    lpa_type,
    online_count,
    assisted_count,
    paper_count,
    phone_count,
    other_count,
    unknown_count,
    total_count,
    NOT is_final AND report_date + CAST(:revision_days AS integer) > CAST(:last_ended_day AS date) AS is_provisional
FROM perf.extracted_channel_counts
WHERE superseded_at IS NULL AND report_date BETWEEN :first_day AND :last_day
