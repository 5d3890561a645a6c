-- For each day: the rows read from the sources, the counted rows, the repeated rows, and the rows in quarantine now.
SELECT
    ledger.period_start,
    sum(ledger.rows_kept_count) AS kept,
    sum(ledger.rows_duplicate_count) AS duplicate,
    (
        SELECT count(*)
        FROM perf.quarantined_rows AS unusable
        WHERE
            unusable.source_name = ANY(:sources)
            AND unusable.resolved_at IS NULL
            AND unusable.period_start = ledger.period_start
    ) AS quarantined
FROM perf.source_deliveries AS ledger
WHERE ledger.source_name = ANY(:sources) AND ledger.period_start = ANY(CAST(:days AS date[]))
GROUP BY ledger.period_start
