-- What the ledger holds of each day, over the services and sources that there are now. Waiting is a source that never delivered the day:
-- one that delivers nothing new leaves the figures of before.
SELECT
    report_date,
    array_agg(ARRAY[service, source_name]) AS asked,
    coalesce(array_agg(ARRAY[service, source_name]) FILTER (WHERE outcome = 'unset'), '{}') AS unset,
    bool_or(released_at IS NULL) AS is_unreleased,
    bool_or(outcome = 'failed') AS has_failure,
    bool_or(outcome = 'waiting' AND delivered_at IS NULL) AS is_waiting
FROM perf.source_deliveries
WHERE report_date BETWEEN :first_day AND :last_day AND service || ' ' || source_name = ANY(:needed)
GROUP BY report_date
