-- Days that the sources were asked for, whatever came of it.
SELECT DISTINCT service, report_date
FROM perf.source_deliveries
WHERE source_name = ANY(:sources) AND report_date BETWEEN :first_day AND :last_day
