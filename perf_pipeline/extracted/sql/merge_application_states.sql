-- The earliest stamp ever seen stands. A creation or completion counts under the type at its first extraction; a start
-- under the last type known until it settles.
INSERT INTO perf.extracted_application_states AS kept (
    service, application_hash, started_at, started_date, started_lpa_type, created_at, created_date, created_lpa_type,
    completed_at, completed_date, completed_lpa_type, latest_created_at, latest_completed_at, first_seen_at, last_seen_at
)
SELECT
    :service,
    application_hash,
    started_at,
    (started_at AT TIME ZONE :timezone)::date,
    CASE WHEN started_at IS NOT NULL THEN lpa_type END,
    created_at,
    (created_at AT TIME ZONE :timezone)::date,
    CASE WHEN created_at IS NOT NULL THEN lpa_type END,
    completed_at,
    (completed_at AT TIME ZONE :timezone)::date,
    CASE WHEN completed_at IS NOT NULL THEN lpa_type END,
    created_at,
    completed_at,
    :now,
    :now
FROM staged_applications
ON CONFLICT (service, application_hash) DO UPDATE SET
    started_at = least(kept.started_at, excluded.started_at),
    started_date = least(kept.started_date, excluded.started_date),
    started_lpa_type = CASE
        WHEN kept.started_lpa_type IS NULL THEN excluded.started_lpa_type
        WHEN
            excluded.started_lpa_type <> 'unknown'
            AND (CAST(:now AS timestamptz) AT TIME ZONE :timezone)::date <= kept.started_date + CAST(:settled_days AS integer)
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
    last_seen_at = excluded.last_seen_at
