-- Whether a run has asked for the day and released it. Null before the first use: nothing was ever asked for.
SELECT bool_or(report_date = :day AND released_at IS NOT NULL) FROM perf.source_deliveries
