-- Lines of a file that was read again and whose days were asked for, but that are not among the unusable ones any more.
UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    subject = :subject AND source_name = :source_name AND resolved_at IS NULL AND last_seen_at < :now
    AND file_name = :file_name
    AND (period_start IS NULL OR period_start BETWEEN :first_day AND :last_day)
