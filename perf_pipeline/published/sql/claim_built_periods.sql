UPDATE perf.built_periods SET publishing_run_id = :run_id
WHERE released_at IS NULL AND dataset = ANY(:datasets)
RETURNING period_start
