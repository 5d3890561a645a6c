-- Applications that this reading put into quarantine, by day.
SELECT period_start, count(*) AS rows_count
FROM perf.quarantined_rows
WHERE
    subject = :service AND source_name = 'applications' AND last_seen_at = :now AND resolved_at IS NULL
    AND period_start BETWEEN :first_day AND :last_day
GROUP BY period_start
