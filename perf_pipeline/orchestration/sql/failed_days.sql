-- Days on which a check failed that is more than a warning. Building any day of a month sums the month again.
SELECT DISTINCT
    CASE
        WHEN dataset = ANY(:monthly_datasets) THEN greatest(report_date, CAST(:first_day AS date))
        ELSE report_date
    END AS report_date
FROM perf.verdicts
WHERE
    result <> 'passed' AND severity <> 'warning'
    AND report_date BETWEEN date_trunc('month', CAST(:first_day AS date)) AND :last_day
