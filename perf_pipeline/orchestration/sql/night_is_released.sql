-- Whether a run has asked for the day and released it. Null where no night of the week before was published either: then
-- nobody runs nights here yet, or people were told long ago.
SELECT CASE WHEN count(*) FILTER (WHERE released_at IS NOT NULL) > 0 THEN bool_or(report_date = :day AND released_at IS NOT NULL) END
FROM perf.source_deliveries
WHERE report_date BETWEEN CAST(:day AS date) - 7 AND :day
