DELETE FROM perf.extracted_feedback
WHERE service = :service AND source = 'in-service' AND report_date < :first_kept_day
