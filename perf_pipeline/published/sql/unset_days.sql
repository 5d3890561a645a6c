-- Days for which a source's address was not set, and that no earlier run had read.
SELECT service, source_name AS source, report_date
FROM perf.source_deliveries
WHERE
    source_name = ANY(:sources)
    AND outcome = 'unset'
    AND delivered_at IS NULL
    AND report_date BETWEEN :first_day AND :last_day
ORDER BY service, source_name, report_date
