UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    service = :service AND source_name = :source_name AND resolved_at IS NULL AND last_seen_at < :now
    AND (row_ref = ANY(:good_refs) OR report_date = ANY(CAST(:whole_days AS date[])))
