-- What could not be read when it was last asked for; unknown is a day that no earlier run had read either.
SELECT service, source_name, report_date, delivered_at IS NULL AS is_unknown, failure
FROM perf.source_deliveries
WHERE outcome = 'failed' AND report_date BETWEEN :first_day AND :last_day
ORDER BY report_date
