-- Periods whose total row is not the sum of the others. Only the columns that differ are named.
SELECT
    subject,
    period_start,
    string_agg(coalesce(in_total::text, 'no number of') || ' ' || counted, ', ' ORDER BY place) || ' in total' AS observed,
    string_agg(coalesce(in_parts::text, 'no number of') || ' ' || counted, ', ' ORDER BY place) || ' over all types' AS expected,
    true AS is_broken
FROM (
    SELECT
        batch.subject,
        batch.period_start,
        figure.place,
        figure.counted,
        sum(figure.value) FILTER (WHERE batch.{dimension} = '{total}') AS in_total,
        sum(figure.value) FILTER (WHERE batch.{dimension} <> '{total}') AS in_parts
    FROM batch
    CROSS JOIN LATERAL unnest(ARRAY[{columns_counted}], ARRAY[{columns}]) WITH ORDINALITY AS figure (counted, value, place)
    GROUP BY batch.subject, batch.period_start, figure.place, figure.counted
) AS summed
WHERE in_total IS DISTINCT FROM in_parts
GROUP BY subject, period_start
