-- Months that were not checked since one of their days was built, whose checks could not run, or that failed and were built
-- by other code; as their first day within the range.
SELECT greatest(built.period_start, CAST(:first_day AS date)) AS day
FROM perf.built_periods AS built
WHERE
    built.dataset = ANY(:datasets)
    AND built.subject = ANY(:subjects)
    AND built.period_start <= :last_day
    AND built.period_start + interval '1 month' > :first_day
    AND (
        built.has_passed IS NULL
        OR NOT built.has_passed
        AND (
            built.code_version <> :code_version
            OR EXISTS (
                SELECT 1
                FROM perf.verdicts AS verdict
                WHERE
                    verdict.dataset = built.dataset AND verdict.subject = built.subject
                    AND verdict.period_start = built.period_start
                    AND verdict.result = 'crashed' AND verdict.severity = 'blocking'
            )
        )
    )
