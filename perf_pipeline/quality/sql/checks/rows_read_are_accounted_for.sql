-- Deliveries: each row that was read is kept, unusable or a repeat.
SELECT
    subject,
    period_start,
    source_name || ': ' || rows_kept_count || ' kept, ' || rows_quarantined_count || ' unusable, '
    || rows_duplicate_count || ' repeated' AS observed,
    rows_read_count || ' rows, as many as were read' AS expected,
    rows_read_count <> rows_kept_count + rows_quarantined_count + rows_duplicate_count AS is_broken
FROM perf.source_deliveries
WHERE source_name IN ({sources}) AND period_start BETWEEN {first_day} AND {last_day}
