-- Days on which merging the staged applications changes a count. A count changes when a state is reached for the first
-- time, when a state moves to an earlier day (both days change), and when a start gets another type. Later stamps, missing
-- stamps and earlier stamps of the same day change nothing.
WITH seen AS (
    SELECT
        application_hash,
        lpa_type,
        (started_at AT TIME ZONE :timezone)::date AS started_date,
        (created_at AT TIME ZONE :timezone)::date AS created_date,
        (completed_at AT TIME ZONE :timezone)::date AS completed_date
    FROM staged_applications
),
changed AS (
    SELECT unnest(ARRAY[state.seen_date, state.held_date]) AS report_date
    FROM seen
    LEFT JOIN perf.extracted_application_states AS held
        ON held.service = :service AND held.application_hash = seen.application_hash
    CROSS JOIN LATERAL (
        VALUES
        (seen.started_date, held.started_date),
        (seen.created_date, held.created_date),
        (seen.completed_date, held.completed_date)
    ) AS state (seen_date, held_date)
    WHERE state.seen_date < state.held_date OR (state.held_date IS NULL AND state.seen_date IS NOT NULL)
    UNION ALL
    SELECT held.started_date
    FROM seen
    JOIN perf.extracted_application_states AS held
        ON held.service = :service AND held.application_hash = seen.application_hash
    WHERE
        seen.started_date IS NOT NULL
        AND seen.lpa_type <> 'unknown'
        AND seen.lpa_type <> held.started_lpa_type
        AND (CAST(:now AS timestamptz) AT TIME ZONE :timezone)::date - 1
        <= held.started_date + CAST(:settled_days AS integer)
)
SELECT DISTINCT report_date FROM changed WHERE report_date IS NOT NULL
