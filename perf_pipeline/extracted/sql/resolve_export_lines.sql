-- Lines of a file that was read again and whose days were asked for, but that are not among the unusable ones any more.
UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    service = :service AND source_name = 'done-page' AND resolved_at IS NULL AND last_seen_at < :now
    AND split_part(row_ref, ':', 1) = :file_name
    AND (report_date IS NULL OR report_date BETWEEN :first_day AND :last_day)
