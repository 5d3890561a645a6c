-- A cohort is final when its last day has ended and each of its days was read after the end of that day.
-- Days whose rows were dropped take the frozen counts.
WITH days AS (
    SELECT subject AS service, period_start AS report_date
    FROM perf.source_deliveries
    WHERE source_name = 'applications' AND period_start BETWEEN :first_day AND :last_day
),
counts AS (
    SELECT
        service,
        started_date AS report_date,
        started_lpa_type AS lpa_type,
        count(*) AS started,
        count(*) FILTER (WHERE created_date <= started_date + CAST(:cohort_days AS integer)) AS created,
        count(*) FILTER (WHERE completed_date <= started_date + CAST(:cohort_days AS integer)) AS completed
    FROM perf.extracted_application_states
    WHERE started_date BETWEEN :first_day AND :last_day
    GROUP BY service, started_date, started_lpa_type
)
SELECT
    days.service,
    days.report_date,
    types.lpa_type,
    coalesce(frozen.cohort_started_count, counts.started, 0)::bigint AS cohort_started_count,
    coalesce(frozen.cohort_created_count, counts.created, 0)::bigint AS cohort_created_count,
    coalesce(frozen.cohort_completed_count, counts.completed, 0)::bigint AS cohort_completed_count,
    days.report_date + CAST(:cohort_days AS integer) > CAST(:last_ended_day AS date) OR (
        SELECT count(*)
        FROM perf.source_deliveries AS later
        WHERE
            later.subject = days.service AND later.source_name = 'applications'
            AND later.period_start BETWEEN days.report_date AND days.report_date + CAST(:cohort_days AS integer)
            AND later.delivered_at >= (later.period_start + 1)::timestamp AT TIME ZONE :timezone
    ) <= CAST(:cohort_days AS integer) AS is_provisional
FROM days
CROSS JOIN unnest(CAST(:lpa_types AS text[])) AS types (lpa_type)
LEFT JOIN counts USING (service, report_date, lpa_type)
LEFT JOIN perf.frozen_application_counts AS frozen USING (service, report_date, lpa_type)
