INSERT INTO perf.source_readings AS held (
    subject, source_name, outcome, failure, attempted_at, succeeded_at, asked_from, owed_from, complete_up_to, run_id
)
VALUES (:subject, :source_name, 'read', NULL, :now, :now, :asked_from, NULL, :complete_up_to, :run_id)
ON CONFLICT (subject, source_name) DO UPDATE SET
    outcome = 'read',
    failure = NULL,
    attempted_at = excluded.attempted_at,
    succeeded_at = excluded.succeeded_at,
    asked_from = least(held.asked_from, excluded.asked_from),
    -- Days that a failed reading owes stay owed unless this one has read them.
    owed_from = CASE
        WHEN held.owed_from < excluded.asked_from THEN held.owed_from
        WHEN held.owed_from IS NOT NULL AND CAST(:asked_to AS date) < :newest_day
            THEN greatest(held.owed_from, CAST(:asked_to AS date) + 1)
    END,
    complete_up_to = coalesce(excluded.complete_up_to, held.complete_up_to),
    run_id = excluded.run_id
