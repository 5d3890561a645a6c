-- Rows that were kept are no longer needed once the period has passed again.
DELETE FROM perf.last_good_periods AS kept
USING perf.built_periods AS built
WHERE
    kept.dataset = :dataset AND kept.period_start BETWEEN :first_day AND :last_day
    AND built.dataset = kept.dataset AND built.subject = kept.subject AND built.period_start = kept.period_start
    AND built.has_passed
