UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE service = :service AND source_name = :source_name AND row_ref = :row_ref AND resolved_at IS NULL
