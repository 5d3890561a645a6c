-- Only days that have a verdict: a day that nothing was checked of has not passed.
UPDATE perf.built_periods AS built SET has_passed = judged.has_passed
FROM (
    SELECT subject, period_start, bool_and(result = 'passed' OR severity <> 'blocking') AS has_passed
    FROM perf.verdicts
    WHERE dataset = :dataset AND period_start BETWEEN :first_day AND :last_day
    GROUP BY subject, period_start
) AS judged
WHERE built.dataset = :dataset AND built.subject = judged.subject AND built.period_start = judged.period_start
