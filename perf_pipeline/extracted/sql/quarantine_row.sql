INSERT INTO perf.quarantined_rows (
    subject, source_name, row_ref, file_name, period_start, reason, first_seen_at, last_seen_at
)
VALUES (:subject, :source_name, :row_ref, :file_name, :period_start, :reason, :now, :now)
ON CONFLICT (subject, source_name, row_ref) DO UPDATE SET
    period_start = excluded.period_start,
    reason = excluded.reason,
    last_seen_at = excluded.last_seen_at,
    resolved_at = NULL
