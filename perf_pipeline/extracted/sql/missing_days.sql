SELECT asked.period_start::date
FROM generate_series(CAST(:first_day AS timestamp), :last_day, interval '1 day') AS asked (period_start)
WHERE NOT EXISTS (
    SELECT 1
    FROM perf.source_deliveries AS delivered
    WHERE
        delivered.subject = :subject AND delivered.source_name = :source_name
        AND delivered.period_start = asked.period_start::date
)
