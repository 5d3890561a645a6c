-- Periods whose total row is not the sum of the others. Only the columns that differ are named.
SELECT
    subject,
    period_start,
    string_agg(name || ' ' || coalesce(in_total::text, 'empty'), ', ' ORDER BY place) AS observed,
    string_agg(name || ' ' || coalesce(in_parts::text, 'empty'), ', ' ORDER BY place) AS expected,
    true AS is_broken
FROM (
    SELECT
        batch.subject,
        batch.period_start,
        figure.place,
        figure.name,
        sum(figure.value) FILTER (WHERE batch.{dimension} = '{total}') AS in_total,
        sum(figure.value) FILTER (WHERE batch.{dimension} <> '{total}') AS in_parts
    FROM batch
    CROSS JOIN LATERAL unnest(ARRAY[{columns_quoted}], ARRAY[{columns}]) WITH ORDINALITY AS figure (name, value, place)
    GROUP BY batch.subject, batch.period_start, figure.place, figure.name
) AS summed
WHERE in_total IS DISTINCT FROM in_parts
GROUP BY subject, period_start
