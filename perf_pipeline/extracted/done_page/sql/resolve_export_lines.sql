-- Lines of a file that was read again and that are not among the unusable ones any more, where their day was asked for; and
-- all lines of a file that is gone.
UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    subject = :subject AND source_name = :source_name AND resolved_at IS NULL AND last_seen_at < :now
    AND (
        file_name = ANY(CAST(:opened AS text[]))
        AND (period_start IS NULL OR period_start BETWEEN :first_day AND :last_day)
        OR file_name <> ALL(CAST(:listed AS text[]))
    )
