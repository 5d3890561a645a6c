-- The volume of a day beside that of the same weekdays of the eight weeks before. Counts scatter by their square root at
-- least, however steady the last weeks were.
SELECT
    subject,
    period_start,
    line || ': ' || found || ' {counted}' AS observed,
    'about ' || round(usual) || ' as on the same weekdays before' AS expected,
    weeks >= {limit_compared_weeks} AND abs(found - usual) > {limit_weekday_deviations} * spread AS is_broken
FROM (
    SELECT
        judged.subject,
        judged.period_start,
        judged.{dimension} AS line,
        judged.{volume} AS found,
        avg(earlier.{volume}) AS usual,
        count(*) AS weeks,
        greatest(coalesce(stddev_samp(earlier.{volume}), 0), sqrt(greatest(avg(earlier.{volume}), 1))) AS spread
    FROM batch AS judged
    JOIN perf.{dataset} AS earlier
        ON earlier.{subject} = judged.subject
        AND earlier.{dimension} = judged.{dimension}
        AND earlier.{day} BETWEEN judged.period_start - 56 AND judged.period_start - 7
        AND (judged.period_start - earlier.{day}) % 7 = 0
    WHERE judged.{dimension} IN ({compared})
    GROUP BY 1, 2, 3, 4
) AS compared
