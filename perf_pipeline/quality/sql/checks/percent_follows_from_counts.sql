-- Percentages that are not what their own counts give, computed again by the database.
SELECT
    subject,
    period_start,
    coalesce({percent} || ' %', 'no percentage') AS observed,
    coalesce(computed.value || ' %', 'no percentage') AS expected,
    {percent} IS DISTINCT FROM computed.value AS is_broken
FROM batch
CROSS JOIN LATERAL (
    SELECT CASE WHEN {denominator} > 0 THEN round(100.0 * ({numerator}) / {denominator}, 2) END
) AS computed (value)
