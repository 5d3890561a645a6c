-- Keys that more than one row has.
SELECT DISTINCT
    {key},
    batch.subject,
    batch.period_start,
    repeated.rows_count || ' rows of one key' AS observed,
    '1' AS expected,
    true AS is_broken
FROM (SELECT {key}, count(*) AS rows_count FROM each_row GROUP BY {key} HAVING count(*) > 1) AS repeated
JOIN batch USING ({key})
