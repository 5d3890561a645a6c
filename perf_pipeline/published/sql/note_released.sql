UPDATE perf.built_periods SET released_at = :now
WHERE released_at IS NULL AND publishing_run_id = :run_id
