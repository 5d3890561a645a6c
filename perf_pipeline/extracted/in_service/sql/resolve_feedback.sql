UPDATE perf.quarantined_rows AS kept SET resolved_at = :now
FROM staged_feedback AS seen
WHERE
    kept.subject = :service AND kept.source_name = 'in-service' AND kept.row_ref = seen.row_ref
    AND kept.resolved_at IS NULL AND seen.reason IS NULL
