-- A month that was never built gets a row too. Building it replaces the row, or removes it if the month has no figures.
INSERT INTO perf.built_periods (dataset, subject, period_start, source_revisions, code_version, built_at, run_id)
SELECT :monthly, subject, date_trunc('month', period_start)::date, '{}', max(code_version), max(built_at), max(run_id)
FROM perf.built_periods
WHERE dataset = :daily AND period_start BETWEEN :first_day AND :last_day
GROUP BY subject, date_trunc('month', period_start)
ON CONFLICT (dataset, subject, period_start) DO UPDATE SET has_passed = NULL
