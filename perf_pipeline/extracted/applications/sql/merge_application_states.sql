-- Merges the staged applications that the extract has already. The earliest stamp ever read is kept. A creation or completion
-- has the type at its first extraction. A start has the last type known before its cohort closed. A reading that is merged
-- late does not undo a newer reading. An unchanged row that was already read on the same day is not updated, because these
-- updates would take most of the time.
-- Returns the days whose counts change: the old and the new day of a state that is first reached or moves to an earlier day,
-- and the days of starts that take another type.
WITH fresh AS (
    SELECT
        seen.*,
        held.started_date AS held_started_date,
        held.started_lpa_type AS held_started_lpa_type,
        held.created_date AS held_created_date,
        held.completed_date AS held_completed_date
    FROM staged_applications AS seen
    JOIN perf.extracted_application_states AS held
        ON held.service = :service AND held.application_hash = seen.application_hash
    WHERE
        held.last_seen_at < date_trunc('day', CAST(:now AS timestamptz), :timezone)
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
    UPDATE perf.extracted_application_states AS kept SET
        started_at = least(kept.started_at, fresh.started_at),
        started_date = least(kept.started_date, (fresh.started_at AT TIME ZONE :timezone)::date),
        started_lpa_type = CASE
            WHEN fresh.started_at IS NULL THEN kept.started_lpa_type
            WHEN kept.started_lpa_type IS NULL THEN fresh.lpa_type
            WHEN
                fresh.lpa_type <> 'unknown'
                AND :now >= kept.last_seen_at
                -- Day 90 is first read on the next morning.
                AND (CAST(:now AS timestamptz) AT TIME ZONE :timezone)::date - 1
                <= kept.started_date + CAST(:settled_days AS integer)
                THEN fresh.lpa_type
            ELSE kept.started_lpa_type
        END,
        created_at = least(kept.created_at, fresh.created_at),
        created_date = least(kept.created_date, (fresh.created_at AT TIME ZONE :timezone)::date),
        created_lpa_type = coalesce(kept.created_lpa_type, CASE WHEN fresh.created_at IS NOT NULL THEN fresh.lpa_type END),
        completed_at = least(kept.completed_at, fresh.completed_at),
        completed_date = least(kept.completed_date, (fresh.completed_at AT TIME ZONE :timezone)::date),
        completed_lpa_type = coalesce(
            kept.completed_lpa_type, CASE WHEN fresh.completed_at IS NOT NULL THEN fresh.lpa_type END
        ),
        latest_created_at = greatest(kept.latest_created_at, fresh.created_at),
        latest_completed_at = greatest(kept.latest_completed_at, fresh.completed_at),
        last_seen_at = greatest(kept.last_seen_at, :now)
    FROM fresh
    WHERE kept.service = :service AND kept.application_hash = fresh.application_hash
    RETURNING kept.application_hash, kept.started_date, kept.started_lpa_type, kept.created_date, kept.completed_date
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
WHERE (held_date IS DISTINCT FROM kept_date OR has_other_type) AND period_start IS NOT NULL
