-- Deliveries of which too many rows are unusable.
SELECT
    subject,
    period_start,
    source_name || ': ' || rows_quarantined_count || ' of ' || rows_read_count || ' rows are unusable' AS observed,
    'at most ' || {limit_quarantined_percent} || ' %' AS expected,
    rows_quarantined_count > {limit_quarantined_rows}
    AND rows_quarantined_count * 100 > rows_read_count * {limit_quarantined_percent} AS is_broken
FROM perf.source_deliveries
WHERE source_name IN ({sources}) AND period_start BETWEEN {first_day} AND {last_day}
