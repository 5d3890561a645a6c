-- Rows whose parts do not add up to the whole.
SELECT
    subject,
    period_start,
    {whole} || ' {counted}' AS observed,
    ({parts}) || ', the sum of the parts' AS expected,
    ({parts} = {whole}) IS NOT TRUE AS is_broken
FROM batch
