-- Counts that are smaller than the minimum, or larger than the count that they are a part of.
SELECT
    batch.subject,
    batch.period_start,
    part.value || ' ' || part.counted AS observed,
    '{minimum} to ' || batch.{whole} AS expected,
    (part.value BETWEEN {minimum} AND batch.{whole}) IS NOT TRUE AS is_broken
FROM batch
CROSS JOIN LATERAL unnest(ARRAY[{parts_counted}], ARRAY[{parts}]) AS part (counted, value)
