-- What each daily table was built from, and what it would be built from now, for every subject and day on which anything may
-- be left to do. A day that is built from what there is, passed and released is left out.
WITH needed AS (
    SELECT *
    FROM jsonb_to_recordset(CAST(:needed AS jsonb)) AS needed (
        dataset text, subject text, source_name text, extract text, is_set boolean, first_day date
    )
),
states AS (
    SELECT
        needed.dataset,
        needed.subject,
        days.period_start,
        coalesce(
            jsonb_object_agg(needed.source_name, delivered.revision_count) FILTER (
                WHERE
                    delivered.revision_count IS NOT NULL
                    OR (NOT needed.is_set AND days.period_start >= needed.first_day)
            ),
            '{}'
        ) AS current_revisions,
        -- A check of a day rests on the verdict on its extract.
        array_agg(needed.extract) || needed.dataset AS judged
    FROM needed
    CROSS JOIN (
        SELECT generate_series(CAST(:first_day AS timestamp), :last_day, interval '1 day')::date AS period_start
    ) AS days
    LEFT JOIN perf.source_deliveries AS delivered
        ON delivered.subject = needed.subject
        AND delivered.source_name = needed.source_name
        AND delivered.period_start = days.period_start
    GROUP BY needed.dataset, needed.subject, days.period_start
)
SELECT
    states.dataset,
    states.subject,
    states.period_start,
    states.current_revisions,
    built.source_revisions AS built_revisions,
    built.has_passed,
    built.released_at IS NOT NULL AS is_released,
    coalesce(built.code_version = :code_version, false) AS is_same_code,
    EXISTS (
        SELECT 1
        FROM perf.verdicts AS verdict
        WHERE
            verdict.dataset = ANY(states.judged) AND verdict.subject = states.subject
            AND verdict.period_start = states.period_start
            AND verdict.result = 'crashed' AND verdict.severity = 'blocking'
    ) AS has_crashed
FROM states
LEFT JOIN perf.built_periods AS built
    ON built.dataset = states.dataset
    AND built.subject = states.subject
    AND built.period_start = states.period_start
WHERE
    built.source_revisions IS DISTINCT FROM states.current_revisions
    OR built.has_passed IS NOT TRUE
    OR built.released_at IS NULL
    OR states.dataset || ' ' || states.period_start = ANY(:other_method)
    OR states.dataset || ' ' || states.period_start = ANY(:final_now)
