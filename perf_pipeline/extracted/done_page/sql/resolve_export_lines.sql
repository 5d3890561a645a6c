-- Resolves lines of a requested day that are no longer unusable in a file that was read again, and all lines of a file that
-- was removed.
UPDATE perf.quarantined_rows SET resolved_at = :now
WHERE
    subject = :subject AND source_name = :source_name AND resolved_at IS NULL AND last_seen_at < :now
    AND (
        file_name = ANY(CAST(:opened AS text[]))
        AND (period_start IS NULL OR period_start BETWEEN :first_day AND :last_day)
        OR file_name <> ALL(CAST(:listed AS text[]))
    )
