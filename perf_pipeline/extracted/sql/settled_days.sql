-- The old days that a source has delivered, and whether every daily table made from it was built from the present extract,
-- has passed its checks and is released.
SELECT
    delivered.period_start,
    count(built.dataset) = cardinality(CAST(:datasets AS text[])) AS is_built
FROM perf.source_deliveries AS delivered
LEFT JOIN perf.built_periods AS built
    ON built.subject = delivered.subject
    AND built.period_start = delivered.period_start
    AND built.dataset = ANY(CAST(:datasets AS text[]))
    AND built.has_passed
    AND built.released_at IS NOT NULL
    AND (built.source_revisions ->> delivered.source_name)::bigint = delivered.revision_count
WHERE
    delivered.subject = :subject AND delivered.source_name = :source_name AND delivered.period_start < :limit_day
GROUP BY delivered.period_start
