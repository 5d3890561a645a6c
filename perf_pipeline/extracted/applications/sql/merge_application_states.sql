-- The earliest stamp ever seen stands. A creation or completion counts under the type at its first extraction; a start
-- under the last type known until its cohort closes. What an earlier reading brings late takes nothing back from a later one.
-- A row with nothing new that was seen on the same day already is left alone: rewriting it would cost more than the rest.
-- Gives the days whose counts this changes: where a state is reached for the first time or moves to an earlier day (that day
-- and the one it moves from), and where a start takes another type.
WITH fresh AS (
    SELECT
        seen.*,
        held.started_date AS held_started_date,
        held.started_lpa_type AS held_started_lpa_type,
        held.created_date AS held_created_date,
        held.completed_date AS held_completed_date
    FROM staged_applications AS seen
    LEFT JOIN perf.extracted_application_states AS held
        ON held.service = :service AND held.application_hash = seen.application_hash
    WHERE
        held.application_hash IS NULL
        OR held.last_seen_at < date_trunc('day', CAST(:now AS timestamptz), :timezone)
        OR seen.started_at < held.started_at
        OR seen.created_at < held.created_at
        OR seen.completed_at < held.completed_at
        OR seen.created_at > held.latest_created_at
        OR seen.completed_at > held.latest_completed_at
        OR (held.started_at IS NULL AND seen.started_at IS NOT NULL)
        OR (held.created_at IS NULL AND seen.created_at IS NOT NULL)
        OR (held.completed_at IS NULL AND seen.completed_at IS NOT NULL)
        OR (seen.started_at IS NOT NULL AND seen.lpa_type <> held.started_lpa_type)
),
merged AS (
    INSERT INTO perf.extracted_application_states AS kept (
        service, application_hash, started_at, started_date, started_lpa_type, created_at, created_date, created_lpa_type,
        completed_at, completed_date, completed_lpa_type, latest_created_at, latest_completed_at, first_seen_at, last_seen_at
    )
    SELECT
        :service,
        fresh.application_hash,
        fresh.started_at,
        (fresh.started_at AT TIME ZONE :timezone)::date,
        CASE WHEN fresh.started_at IS NOT NULL THEN fresh.lpa_type END,
        fresh.created_at,
        (fresh.created_at AT TIME ZONE :timezone)::date,
        CASE WHEN fresh.created_at IS NOT NULL THEN fresh.lpa_type END,
        fresh.completed_at,
        (fresh.completed_at AT TIME ZONE :timezone)::date,
        CASE WHEN fresh.completed_at IS NOT NULL THEN fresh.lpa_type END,
        fresh.created_at,
        fresh.completed_at,
        :now,
        :now
    FROM fresh
    ON CONFLICT (service, application_hash) DO UPDATE SET
        started_at = least(kept.started_at, excluded.started_at),
        started_date = least(kept.started_date, excluded.started_date),
        started_lpa_type = CASE
            WHEN kept.started_lpa_type IS NULL THEN excluded.started_lpa_type
            WHEN
                excluded.started_lpa_type <> 'unknown'
                AND excluded.last_seen_at >= kept.last_seen_at
                -- Day 90 is first read on the morning after it.
                AND (CAST(:now AS timestamptz) AT TIME ZONE :timezone)::date - 1
                <= kept.started_date + CAST(:settled_days AS integer)
                THEN excluded.started_lpa_type
            ELSE kept.started_lpa_type
        END,
        created_at = least(kept.created_at, excluded.created_at),
        created_date = least(kept.created_date, excluded.created_date),
        created_lpa_type = coalesce(kept.created_lpa_type, excluded.created_lpa_type),
        completed_at = least(kept.completed_at, excluded.completed_at),
        completed_date = least(kept.completed_date, excluded.completed_date),
        completed_lpa_type = coalesce(kept.completed_lpa_type, excluded.completed_lpa_type),
        latest_created_at = greatest(kept.latest_created_at, excluded.latest_created_at),
        latest_completed_at = greatest(kept.latest_completed_at, excluded.latest_completed_at),
        last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at)
    RETURNING application_hash, started_date, started_lpa_type, created_date, completed_date
)
SELECT DISTINCT period_start
FROM fresh
JOIN merged USING (application_hash)
CROSS JOIN LATERAL (
    VALUES
    (held_started_date, started_date, held_started_lpa_type IS DISTINCT FROM started_lpa_type),
    (held_created_date, created_date, false),
    (held_completed_date, completed_date, false)
) AS state (held_date, kept_date, has_other_type)
CROSS JOIN LATERAL unnest(ARRAY[held_date, kept_date]) AS changed (period_start)
WHERE
    (held_date IS DISTINCT FROM kept_date OR has_other_type)
    AND period_start IS NOT NULL
    -- Only a day that was delivered before can change: a first load is spared the comparison.
    AND EXISTS (SELECT 1 FROM perf.source_deliveries WHERE subject = :service AND source_name = 'applications')
