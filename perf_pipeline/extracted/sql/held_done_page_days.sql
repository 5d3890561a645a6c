SELECT
    feedback.report_date,
    max(feedback.delivery) AS delivery,
    ledger.rows_read_count,
    ledger.rows_kept_count,
    ledger.rows_quarantined_count,
    ledger.rows_duplicate_count,
    ledger.is_short
FROM perf.extracted_feedback AS feedback
JOIN perf.source_deliveries AS ledger
    ON ledger.service = feedback.service
    AND ledger.source_name = feedback.source
    AND ledger.report_date = feedback.report_date
WHERE
    feedback.service = :service AND feedback.source = 'done-page' AND feedback.superseded_at IS NULL
    AND feedback.report_date BETWEEN :first_day AND :last_day
GROUP BY feedback.report_date, ledger.service, ledger.source_name, ledger.report_date
