INSERT INTO perf.quarantined_rows (
    service, source_name, row_ref, dataset, report_date, reason, first_seen_at, last_seen_at
)
VALUES (:service, :source_name, :row_ref, :dataset, :report_date, :reason, :now, :now)
ON CONFLICT (service, source_name, row_ref) DO UPDATE SET
    report_date = excluded.report_date,
    reason = excluded.reason,
    last_seen_at = excluded.last_seen_at,
    resolved_at = NULL
