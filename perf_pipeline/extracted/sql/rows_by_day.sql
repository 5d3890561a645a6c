-- For each day: rows that the sources gave and that count, repeats among them, and rows in quarantine now.
SELECT
    report_date,
    sum(rows_kept_count) AS kept,
    sum(rows_duplicate_count) AS duplicate,
    (
        SELECT count(*)
        FROM perf.quarantined_rows AS unusable
        WHERE
            unusable.source_name = ANY(:sources)
            AND unusable.resolved_at IS NULL
            AND unusable.report_date = ledger.report_date
    ) AS quarantined
FROM perf.source_deliveries AS ledger
WHERE source_name = ANY(:sources) AND report_date BETWEEN :first_day AND :last_day
GROUP BY report_date
