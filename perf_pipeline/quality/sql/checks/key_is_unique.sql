-- Keys that more than one row has. They are found once, however the planner joins: their table may just have been filled,
-- and have no statistics yet.
WITH repeated AS MATERIALIZED (
    SELECT {key}, count(*) AS rows_count FROM each_row GROUP BY {key} HAVING count(*) > 1
)

SELECT DISTINCT
    {key},
    batch.subject,
    batch.period_start,
    repeated.rows_count || ' rows with one key' AS observed,
    'one row' AS expected,
    true AS is_broken
FROM repeated
JOIN batch USING ({key})
