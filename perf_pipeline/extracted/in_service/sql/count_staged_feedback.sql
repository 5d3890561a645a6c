SELECT
    (received_at AT TIME ZONE :timezone)::date AS report_date,
    count(*) AS rows_read,
    count(*) FILTER (WHERE reason IS NULL AND NOT is_duplicate) AS rows_kept,
    count(*) FILTER (WHERE reason IS NOT NULL) AS rows_quarantined,
    count(*) FILTER (WHERE reason IS NULL AND is_duplicate) AS rows_duplicate
FROM staged_feedback
GROUP BY report_date
