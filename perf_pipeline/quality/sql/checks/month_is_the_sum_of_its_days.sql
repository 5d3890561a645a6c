-- Rows of months whose counts are not those of their good days, summed by the database. Only the columns that differ are
-- named.
WITH days AS (
    SELECT
        good.{subject} AS subject,
        date_trunc('month', good.report_date)::date AS period_start,
        good.{dimension} AS line,
        figure.name,
        sum(figure.value) AS value
    FROM ({good_days}) AS good
    CROSS JOIN LATERAL unnest(ARRAY[{columns_quoted}], ARRAY[{columns}]) AS figure (name, value)
    WHERE good.report_date BETWEEN {first_day} AND {last_day}
    GROUP BY 1, 2, 3, 4
)

SELECT
    months.subject,
    months.period_start,
    string_agg(
        coalesce(figure.value::text, 'no number of') || ' ' || figure.counted, ', ' ORDER BY figure.place
    ) AS observed,
    string_agg(coalesce(days.value::text, 'no number of') || ' ' || figure.counted, ', ' ORDER BY figure.place) AS expected,
    true AS is_broken
FROM batch AS months
CROSS JOIN LATERAL unnest(ARRAY[{columns_quoted}], ARRAY[{columns_counted}], ARRAY[{columns}])
    WITH ORDINALITY AS figure (name, counted, value, place)
LEFT JOIN days
    ON days.subject = months.subject
    AND days.period_start = months.period_start
    AND days.line = months.{dimension}
    AND days.name = figure.name
WHERE figure.value IS DISTINCT FROM days.value
GROUP BY months.subject, months.period_start, months.{dimension}
