-- Adds the staged applications that the extract does not have. Nobody else writes to it now, so a plain INSERT is safe. It
-- takes half as long as one that looks for conflicts.
-- Returns the days on which they reached a state. Only a day that was delivered before can change: a first load is spared
-- the list.
WITH added AS (
    INSERT INTO perf.extracted_application_states (
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
    WHERE held.application_hash IS NULL
    RETURNING started_date, created_date, completed_date
)
SELECT DISTINCT period_start
FROM added
CROSS JOIN LATERAL unnest(ARRAY[started_date, created_date, completed_date]) AS reached (period_start)
WHERE
    period_start IS NOT NULL
    AND EXISTS (SELECT 1 FROM perf.source_deliveries WHERE subject = :service AND source_name = 'applications')
