SELECT period_start, delivered_at
FROM perf.source_deliveries
WHERE subject = :subject AND source_name = :source_name AND period_start = ANY(CAST(:days AS date[]))
