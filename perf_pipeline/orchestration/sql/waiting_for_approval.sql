-- Since when a service has something built and passed that is newer than what was last published of it.
SELECT max(decided_at) AS built_at
FROM perf.verdicts
WHERE
    service = :service AND dataset LIKE 'monthly_%'
    AND decided_at > coalesce(
        (
            SELECT max(published_at)
            FROM (
                SELECT published_at FROM perf.published_user_satisfaction WHERE service = :service
                UNION ALL
                SELECT published_at FROM perf.published_completion_rate WHERE service = :service
                UNION ALL
                SELECT published_at FROM perf.published_digital_take_up WHERE service = :service
            ) AS versions
        ),
        '-infinity'
    )
