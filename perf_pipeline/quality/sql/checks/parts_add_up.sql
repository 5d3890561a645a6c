-- Rows whose parts do not add up to the whole.
SELECT
    subject,
    period_start,
    '{whole} ' || {whole} AS observed,
    ({parts})::text AS expected,
    ({parts} = {whole}) IS NOT TRUE AS is_broken
FROM batch
