-- The earliest stamp ever read is kept. A creation or completion has the type at its first extraction. A start has the last
-- type known before its cohort closed. A reading that is merged late does not undo a newer reading. An unchanged row that
-- was already read on the same day is not updated, because these updates would take most of the time.
INSERT INTO perf.extracted_application_states AS kept (
    service, application_hash, started_at, started_date, started_lpa_type, created_at, created_date, created_lpa_type,
    completed_at, completed_date, completed_lpa_type, latest_created_at, latest_completed_at, first_seen_at, last_seen_at
)
SELECT
    :service,
    seen.application_hash,
    seen.started_at,
    (seen.started_at AT TIME ZONE :timezone)::date,
    CASE WHEN seen.started_at IS NOT NULL THEN seen.lpa_type END,
    seen.created_at,
    (seen.created_at AT TIME ZONE :timezone)::date,
    CASE WHEN seen.created_at IS NOT NULL THEN seen.lpa_type END,
    seen.completed_at,
    (seen.completed_at AT TIME ZONE :timezone)::date,
    CASE WHEN seen.completed_at IS NOT NULL THEN seen.lpa_type END,
    seen.created_at,
    seen.completed_at,
    :now,
    :now
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
ON CONFLICT (service, application_hash) DO UPDATE SET
    started_at = least(kept.started_at, excluded.started_at),
    started_date = least(kept.started_date, excluded.started_date),
    started_lpa_type = CASE
        WHEN kept.started_lpa_type IS NULL THEN excluded.started_lpa_type
        WHEN
            excluded.started_lpa_type <> 'unknown'
            AND excluded.last_seen_at >= kept.last_seen_at
            -- Day 90 is first read on the next morning.
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
