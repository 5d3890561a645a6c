-- The current months of every source of ratings.
SELECT
    period_start,
    service,
    source,
    responses_count,
    headline_percent,
    headline_method,
    markers
FROM perf.published_user_satisfaction
WHERE period = 'month' AND superseded_at IS NULL
ORDER BY service, period_start, source
