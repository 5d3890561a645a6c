UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    subject = :subject AND source_name = :source_name AND resolved_at IS NULL AND last_seen_at < :now
    AND (row_ref = ANY(CAST(:good_refs AS text[])) OR period_start = ANY(CAST(:whole_days AS date[])))
