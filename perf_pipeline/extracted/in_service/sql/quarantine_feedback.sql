INSERT INTO perf.quarantined_rows AS kept (
    subject, source_name, row_ref, period_start, reason, first_seen_at, last_seen_at
)
SELECT
    :service, 'in-service', row_ref, (received_at AT TIME ZONE :timezone)::date, reason, :now, :now
FROM staged_feedback
WHERE reason IS NOT NULL
ON CONFLICT (subject, source_name, row_ref) DO UPDATE SET
    reason = excluded.reason,
    last_seen_at = excluded.last_seen_at,
    resolved_at = NULL
