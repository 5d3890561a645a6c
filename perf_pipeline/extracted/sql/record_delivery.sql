-- The row of an unchanged day is not updated.
INSERT INTO perf.source_deliveries AS held (
    subject, source_name, period_start, revision_count, change, changed_at, first_delivered_at, delivered_at, is_short,
    rows_read_count, rows_kept_count, rows_quarantined_count, rows_duplicate_count, run_id
)
VALUES (
    :subject, :source_name, :period_start, 1, :change, :now, :now, :now, :is_short,
    :rows_read_count, :rows_kept_count, :rows_quarantined_count, :rows_duplicate_count, :run_id
)
ON CONFLICT (subject, source_name, period_start) DO UPDATE SET
    revision_count = held.revision_count + CASE WHEN :is_changed THEN 1 ELSE 0 END,
    change = CASE WHEN :is_changed THEN excluded.change ELSE held.change END,
    changed_at = CASE WHEN :is_changed THEN excluded.changed_at ELSE held.changed_at END,
    delivered_at = greatest(excluded.delivered_at, held.delivered_at),
    is_short = excluded.is_short,
    rows_read_count = excluded.rows_read_count,
    rows_kept_count = excluded.rows_kept_count,
    rows_quarantined_count = excluded.rows_quarantined_count,
    rows_duplicate_count = excluded.rows_duplicate_count,
    run_id = excluded.run_id
WHERE
    :is_changed
    OR (held.is_short, held.rows_read_count, held.rows_kept_count, held.rows_quarantined_count, held.rows_duplicate_count)
    IS DISTINCT FROM (
        excluded.is_short, excluded.rows_read_count, excluded.rows_kept_count, excluded.rows_quarantined_count,
        excluded.rows_duplicate_count
    )
