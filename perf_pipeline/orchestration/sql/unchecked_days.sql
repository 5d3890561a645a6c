-- Days that were built and that no verdict stands on: their run ended in between, or built without checking. Building any
-- day of a month sums the month again.
WITH built AS (
    SELECT 'daily_user_satisfaction' AS dataset, service, report_date FROM perf.daily_user_satisfaction
    UNION
    SELECT 'daily_completion_rate', service, report_date FROM perf.daily_completion_rate
    UNION
    SELECT 'daily_completion_cohort', service, report_date FROM perf.daily_completion_cohort
    UNION
    SELECT 'daily_digital_take_up', service, report_date FROM perf.daily_digital_take_up
    UNION
    SELECT 'monthly_user_satisfaction', service, month_start FROM perf.monthly_user_satisfaction
    UNION
    SELECT 'monthly_completion_rate', service, month_start FROM perf.monthly_completion_rate
    UNION
    SELECT 'monthly_digital_take_up', service, month_start FROM perf.monthly_digital_take_up
)
SELECT DISTINCT
    CASE
        WHEN built.dataset = ANY(:monthly_datasets) THEN greatest(built.report_date, CAST(:first_day AS date))
        ELSE built.report_date
    END AS report_date
FROM built
LEFT JOIN (SELECT DISTINCT dataset, service, report_date FROM perf.verdicts) AS judged
    USING (dataset, service, report_date)
WHERE
    judged.dataset IS NULL
    AND built.report_date BETWEEN date_trunc('month', CAST(:first_day AS date)) AND :last_day
