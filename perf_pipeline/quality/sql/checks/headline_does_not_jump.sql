-- The headline of a day beside that of the four same weekdays before it, both under the method of the day: a change of
-- method is no jump. A difference counts when chance can hardly be the reason, which is four standard errors of a share.
WITH shares AS (
    SELECT
        given.{subject} AS subject,
        given.{day} AS period_start,
        given.{dimension} AS line,
        counted.method,
        counted.method = {method_in_force} AS is_in_force,
        counted.numerator,
        given.{volume} AS volume
    FROM perf.{dataset} AS given
    CROSS JOIN LATERAL (VALUES {numerators}) AS counted (method, numerator)
    WHERE
        given.{day} BETWEEN {first_day} - 28 AND {last_day}
        AND given.{dimension} IN ({compared})
        AND {is_compared}
)

SELECT
    subject,
    period_start,
    line || ': ' || round(found, 1) || ' %' AS observed,
    'about ' || round(usual, 1) || ' % as on the same weekday of the four weeks before' AS expected,
    abs(found - usual) > {limit_headline_jump_points}
    -- Counts that do not add up can put a share above 100 %: their own checks report that.
    AND abs(found - usual) > 4 * sqrt(greatest(usual * (100 - usual), 0) / volume)
    AND volume_before >= {limit_compared_count} AS is_broken
FROM (
    SELECT
        judged.subject,
        judged.period_start,
        judged.line,
        judged.volume,
        100.0 * judged.numerator / nullif(judged.volume, 0) AS found,
        100.0 * sum(earlier.numerator) / nullif(sum(earlier.volume), 0) AS usual,
        sum(earlier.volume) AS volume_before
    FROM shares AS judged
    JOIN shares AS earlier
        ON earlier.subject = judged.subject
        AND earlier.line = judged.line
        AND earlier.method = judged.method
        AND earlier.period_start BETWEEN judged.period_start - 28 AND judged.period_start - 7
        AND (judged.period_start - earlier.period_start) % 7 = 0
    WHERE judged.is_in_force AND judged.period_start BETWEEN {first_day} AND {last_day}
    GROUP BY judged.subject, judged.period_start, judged.line, judged.volume, judged.numerator
) AS compared
WHERE usual IS NOT NULL AND volume >= {limit_compared_count}
