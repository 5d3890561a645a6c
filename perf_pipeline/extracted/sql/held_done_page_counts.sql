SELECT report_date, rating, ratings_count, granularity
FROM perf.extracted_feedback
WHERE
    service = :service AND source = 'done-page' AND superseded_at IS NULL
    AND report_date BETWEEN :first_day AND :last_day
