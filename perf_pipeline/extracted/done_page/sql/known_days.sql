SELECT
    feedback.report_date,
    jsonb_agg(jsonb_build_array(feedback.rating, feedback.ratings_count, feedback.granularity)) AS figures,
    ledger.is_short
FROM perf.extracted_feedback AS feedback
JOIN perf.source_deliveries AS ledger
    ON ledger.subject = feedback.service
    AND ledger.source_name = feedback.source
    AND ledger.period_start = feedback.report_date
WHERE
    feedback.service = :service AND feedback.source = 'done-page' AND feedback.superseded_at IS NULL
    AND feedback.report_date BETWEEN :first_day AND :last_day
GROUP BY feedback.report_date, ledger.subject, ledger.source_name, ledger.period_start
