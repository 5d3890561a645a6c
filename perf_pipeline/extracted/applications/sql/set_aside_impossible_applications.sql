-- Moves staged applications with an impossible stamp into quarantine, under their hash. Each is recorded on the day of its
-- first possible stamp.
WITH judged AS (
    SELECT
        application_hash,
        CASE
            WHEN least(started_at, created_at, completed_at) < :first_instant THEN 'instant_before_the_service'
            WHEN greatest(started_at, created_at, completed_at) > :now THEN 'instant_in_the_future'
            WHEN
                least(created_at, completed_at) < started_at - make_interval(hours => CAST(:slack_hours AS integer))
                THEN 'instant_before_the_start'
        END AS reason,
        coalesce(
            CASE WHEN started_at BETWEEN :first_instant AND :now THEN started_at END,
            CASE WHEN created_at BETWEEN :first_instant AND :now THEN created_at END,
            CASE WHEN completed_at BETWEEN :first_instant AND :now THEN completed_at END
        ) AS possible_at
    FROM staged_applications
),
impossible AS (
    INSERT INTO perf.quarantined_rows AS kept (
        subject, source_name, row_ref, period_start, reason, first_seen_at, last_seen_at
    )
    SELECT
        :service, 'applications', 'application ' || application_hash, (possible_at AT TIME ZONE :timezone)::date, reason,
        :now, :now
    FROM judged
    WHERE reason IS NOT NULL
    ON CONFLICT (subject, source_name, row_ref) DO UPDATE SET
        reason = excluded.reason,
        last_seen_at = excluded.last_seen_at,
        resolved_at = NULL
)
DELETE FROM staged_applications AS staged
USING judged
WHERE staged.application_hash = judged.application_hash AND judged.reason IS NOT NULL
