-- For each day and source: the rows that were read when it was last delivered, of them the counted and the repeated rows,
-- and whether this run has read them.
SELECT
    period_start,
    subject,
    source_name,
    rows_read_count AS read,
    rows_kept_count AS kept,
    rows_duplicate_count AS duplicate,
    run_id = :run_id AS is_of_this_run
FROM perf.source_deliveries
WHERE source_name = ANY(:sources) AND period_start = ANY(CAST(:days AS date[]))
ORDER BY period_start, subject, source_name
