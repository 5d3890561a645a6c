-- Days that a source delivered: each has its rows, one for the source or one for each value of the dimension.
SELECT
    ledger.subject,
    ledger.period_start,
    count(made.subject) || ' rows' AS observed,
    '{rows} rows' AS expected,
    count(made.subject) <> {rows} AS is_broken
FROM perf.source_deliveries AS ledger
LEFT JOIN batch AS made
    ON made.subject = ledger.subject AND made.period_start = ledger.period_start AND {row_of_delivery}
WHERE ledger.source_name IN ({sources}) AND ledger.period_start BETWEEN {first_day} AND {last_day}
GROUP BY ledger.subject, ledger.source_name, ledger.period_start
