-- Rows whose day could not be read may belong to any range, so they are told each time.
SELECT service, source_name AS source, reason, count(*) AS rows
FROM perf.quarantined_rows
WHERE
    source_name = ANY(:sources)
    AND resolved_at IS NULL
    AND (report_date IS NULL OR report_date BETWEEN :first_day AND :last_day)
GROUP BY service, source_name, reason
ORDER BY service, source_name, reason
