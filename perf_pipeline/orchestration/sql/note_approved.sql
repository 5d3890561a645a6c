-- The months that were built before an approval no longer wait for one. One that was built meanwhile does.
UPDATE perf.built_periods SET released_at = :began
WHERE subject = :service AND dataset = ANY(:datasets) AND has_passed AND built_at <= :began AND released_at IS NULL
