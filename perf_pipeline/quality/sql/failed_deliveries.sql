-- What could not be read when it was last asked for; unknown is a day that no earlier run had read either.
SELECT service, source_name, report_date, delivered_at IS NULL AS is_unknown, failure
FROM perf.source_deliveries AS ledger
WHERE
    outcome = 'failed' AND report_date BETWEEN :first_day AND :last_day
    -- A service that was taken out is judged no more.
    AND EXISTS (
        SELECT 1
        FROM perf.verdicts AS verdict
        WHERE
            verdict.service = ledger.service AND verdict.report_date = ledger.report_date
            AND verdict.check_name = 'every_source_was_read' AND verdict.result <> 'passed'
    )
ORDER BY report_date
