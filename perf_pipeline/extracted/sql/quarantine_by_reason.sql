-- Rows whose day could not be read may belong to any range, so they are told each time. Without a range all are told.
SELECT service, source_name AS source, reason, report_date, count(*) AS rows
FROM perf.quarantined_rows
WHERE
    source_name = ANY(:sources)
    AND resolved_at IS NULL
    AND (
        report_date IS NULL
        OR CAST(:first_day AS date) IS NULL
        OR report_date BETWEEN CAST(:first_day AS date) AND CAST(:last_day AS date)
    )
GROUP BY service, source_name, reason, report_date
ORDER BY service, source_name, reason, report_date DESC NULLS LAST
