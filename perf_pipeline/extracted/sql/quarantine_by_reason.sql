SELECT subject, source_name AS source, reason, period_start, count(*) AS rows
FROM perf.quarantined_rows
WHERE source_name = ANY(:sources) AND resolved_at IS NULL
GROUP BY subject, source_name, reason, period_start
ORDER BY subject, source_name, reason, period_start DESC NULLS LAST
