INSERT INTO perf.source_readings AS held (
    subject, source_name, outcome, failure, attempted_at, asked_from, owed_from, run_id
)
VALUES (:subject, :source_name, :outcome, :failure, :now, :asked_from, :asked_from, :run_id)
ON CONFLICT (subject, source_name) DO UPDATE SET
    outcome = excluded.outcome,
    failure = excluded.failure,
    attempted_at = excluded.attempted_at,
    asked_from = least(held.asked_from, excluded.asked_from),
    owed_from = least(held.owed_from, excluded.owed_from),
    run_id = excluded.run_id
