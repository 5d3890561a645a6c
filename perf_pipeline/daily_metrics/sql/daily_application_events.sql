-- One row per delivered day and type, zeros included. Days whose rows were dropped take the frozen counts.
-- The service deletes unused accounts with their applications. A day first read after that is an undercount.
WITH days AS (
    SELECT
        subject AS service,
        period_start AS report_date,
        delivered_at < (period_start + 1)::timestamp AT TIME ZONE :timezone AS is_provisional,
        (first_delivered_at AT TIME ZONE :timezone)::date > (
            period_start + make_interval(months => CAST(:accounts_kept_months AS integer))
        )::date AS is_estimated
    FROM perf.source_deliveries
    WHERE source_name = 'applications' AND period_start BETWEEN :first_day AND :last_day
),
reached AS (
    SELECT service, started_date AS report_date, started_lpa_type AS lpa_type, 1 AS started, 0 AS created, 0 AS completed,
        0 AS created_same_day
    FROM perf.extracted_application_states
    WHERE started_date BETWEEN :first_day AND :last_day
    UNION ALL
    SELECT service, created_date, created_lpa_type, 0, 1, 0, (created_date = started_date)::integer
    FROM perf.extracted_application_states
    WHERE created_date BETWEEN :first_day AND :last_day
    UNION ALL
    SELECT service, completed_date, completed_lpa_type, 0, 0, 1, 0
    FROM perf.extracted_application_states
    WHERE completed_date BETWEEN :first_day AND :last_day
),
counts AS (
    SELECT
        service, report_date, lpa_type,
        sum(started) AS started_count,
        sum(created) AS created_count,
        sum(completed) AS completed_count,
        coalesce(sum(created_same_day), 0) AS created_same_day_count
    FROM reached
    GROUP BY service, report_date, lpa_type
)
SELECT
    days.service,
    days.report_date,
    types.lpa_type,
    coalesce(frozen.started_count, counts.started_count, 0)::bigint AS started_count,
    coalesce(frozen.created_count, counts.created_count, 0)::bigint AS created_count,
    coalesce(frozen.completed_count, counts.completed_count, 0)::bigint AS completed_count,
    coalesce(frozen.created_same_day_count, counts.created_same_day_count, 0)::bigint AS created_same_day_count,
    days.is_provisional,
    days.is_estimated
FROM days
CROSS JOIN unnest(CAST(:lpa_types AS text[])) AS types (lpa_type)
LEFT JOIN counts USING (service, report_date, lpa_type)
LEFT JOIN perf.frozen_application_counts AS frozen USING (service, report_date, lpa_type)
