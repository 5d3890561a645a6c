-- How many types of LPA the extract holds of each day.
SELECT report_date, count(*) AS kept
FROM perf.extracted_channel_counts
WHERE service = :service AND superseded_at IS NULL AND report_date BETWEEN :first_day AND :last_day
GROUP BY report_date
