-- Whether a release includes the day. Null where no day of the week before was released either: then nobody runs nights here
-- yet, or people were alerted long ago.
SELECT CASE WHEN count(*) FILTER (WHERE released_at IS NOT NULL) > 0 THEN bool_or(period_start = :day AND released_at IS NOT NULL) END
FROM perf.built_periods
WHERE period_start BETWEEN CAST(:day AS date) - 7 AND :day AND dataset = ANY(:datasets)
