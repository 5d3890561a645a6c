SELECT
    service,
    source_name AS source,
    outcome,
    count(*) AS days,
    min(report_date) AS from_day,
    max(report_date) AS to_day,
    sum(rows_read_count) AS rows_read,
    sum(rows_quarantined_count) AS quarantined,
    min(failure) AS failure
FROM perf.source_deliveries
WHERE source_name = ANY(:sources) AND report_date BETWEEN :first_day AND :last_day
GROUP BY service, source_name, outcome
ORDER BY service, source_name, outcome
