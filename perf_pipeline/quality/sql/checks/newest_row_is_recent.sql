-- How long a line has been silent. One that has only begun has no earlier days to be silent on.
SELECT
    subject,
    period_start,
    line || coalesce(': the newest day with {counted} is ' || newest, ': no {counted} in 60 days') AS observed,
    '{counted} within ' || {limit_quiet_days} || ' days' AS expected,
    period_start - coalesce(newest, begun) > {limit_quiet_days} AS is_broken
FROM (
    SELECT
        judged.subject,
        judged.period_start,
        judged.{dimension} AS line,
        max(earlier.{day}) FILTER (WHERE earlier.{volume} > 0) AS newest,
        min(earlier.{day}) AS begun
    FROM batch AS judged
    JOIN perf.{dataset} AS earlier
        ON earlier.{subject} = judged.subject
        AND earlier.{dimension} = judged.{dimension}
        AND earlier.{day} BETWEEN judged.period_start - 60 AND judged.period_start
    WHERE judged.{dimension} IN ({compared})
    GROUP BY 1, 2, 3
) AS lines
