-- The daily mean of a week beside that of the four weeks before it.
SELECT
    subject,
    period_start,
    line || ': ' || round(found) || ' {counted} a day on average' AS observed,
    'about ' || round(usual) || ' as in the four weeks before' AS expected,
    days = 35
    AND greatest(found, usual) >= {limit_compared_count}
    AND greatest(found, usual) > least(found, usual) * {limit_level_factor} AS is_broken
FROM (
    SELECT
        judged.subject,
        judged.period_start,
        judged.{dimension} AS line,
        avg(earlier.{volume}) FILTER (WHERE earlier.{day} > judged.period_start - 7) AS found,
        avg(earlier.{volume}) FILTER (WHERE earlier.{day} <= judged.period_start - 7) AS usual,
        count(*) AS days
    FROM batch AS judged
    JOIN perf.{dataset} AS earlier
        ON earlier.{subject} = judged.subject
        AND earlier.{dimension} = judged.{dimension}
        AND earlier.{day} BETWEEN judged.period_start - 34 AND judged.period_start
    WHERE judged.{dimension} IN ({compared})
    GROUP BY 1, 2, 3
) AS compared
