INSERT INTO perf.quarantined_rows (
    subject, source_name, row_ref, file_name, period_start, reason, detail, first_seen_at, last_seen_at
)
VALUES (:subject, :source_name, :row_ref, :file_name, :period_start, :reason, :detail, :now, :now)
ON CONFLICT (subject, source_name, row_ref) DO UPDATE SET
    period_start = excluded.period_start,
    reason = excluded.reason,
    detail = excluded.detail,
    last_seen_at = excluded.last_seen_at,
    resolved_at = NULL
