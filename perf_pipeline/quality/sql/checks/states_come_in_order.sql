-- The share of applications whose states came in another order, on the day of the last state.
SELECT
    subject,
    period_start,
    count(*) FILTER (WHERE is_disordered) || ' of ' || count(*) || ' applications in another order' AS observed,
    'at most ' || {limit_disordered_percent} || ' %' AS expected,
    count(*) FILTER (WHERE is_disordered) * 100 > count(*) * {limit_disordered_percent} AS is_broken
FROM (
    SELECT
        subject,
        coalesce(completed_date, created_date, started_date) AS period_start,
        created_at < started_at OR completed_at < coalesce(created_at, started_at) AS is_disordered
    FROM each_row
) AS reached
WHERE period_start BETWEEN {first_day} AND {last_day}
GROUP BY subject, period_start
