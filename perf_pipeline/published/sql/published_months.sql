-- The current months of every source of ratings, with the other two headline figures of the service.
SELECT
    satisfaction.period_start,
    satisfaction.service,
    satisfaction.source,
    satisfaction.responses_count,
    satisfaction.headline_percent,
    satisfaction.headline_method,
    completion.cohort_completion_percent,
    take_up.digital_take_up_percent,
    satisfaction.markers AS satisfaction_markers,
    completion.markers AS completion_markers,
    take_up.markers AS take_up_markers
FROM perf.published_user_satisfaction AS satisfaction
LEFT JOIN perf.published_completion_rate AS completion
    ON completion.service = satisfaction.service AND completion.period_start = satisfaction.period_start
    AND completion.period = 'month' AND completion.lpa_type = 'all' AND completion.superseded_at IS NULL
LEFT JOIN perf.published_digital_take_up AS take_up
    ON take_up.service = satisfaction.service AND take_up.period_start = satisfaction.period_start
    AND take_up.period = 'month' AND take_up.lpa_type = 'all' AND take_up.superseded_at IS NULL
WHERE satisfaction.period = 'month' AND satisfaction.superseded_at IS NULL
ORDER BY satisfaction.service, satisfaction.period_start, satisfaction.source
