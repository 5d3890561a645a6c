-- The days before the limit that the ledger knows, and whether their counts are final and passed: nothing is left to be
-- read of them, no figure is provisional, the cohort's neither, and no check holds any of the datasets back.
SELECT
    ledger.report_date,
    ledger.outcome = 'delivered'
    AND ledger.released_at IS NOT NULL
    AND coalesce(events.is_final, false)
    AND coalesce(cohorts.is_final, false)
    AND coalesce(passed.datasets_count, 0) = cardinality(CAST(:datasets AS text[])) AS is_settled
FROM perf.source_deliveries AS ledger
LEFT JOIN (
    SELECT report_date, bool_and(NOT is_provisional) AS is_final
    FROM perf.daily_completion_rate
    WHERE service = :service AND report_date < :limit_day
    GROUP BY report_date
) AS events USING (report_date)
LEFT JOIN (
    SELECT report_date, bool_and(NOT is_provisional) AS is_final
    FROM perf.daily_completion_cohort
    WHERE service = :service AND report_date < :limit_day
    GROUP BY report_date
) AS cohorts USING (report_date)
LEFT JOIN (
    SELECT report_date, count(*) AS datasets_count
    FROM (
        SELECT dataset, report_date
        FROM perf.verdicts
        WHERE service = :service AND dataset = ANY(:datasets) AND report_date < :limit_day
        GROUP BY dataset, report_date
        HAVING bool_and(result = 'passed' OR severity <> 'blocking')
    ) AS good
    GROUP BY report_date
) AS passed USING (report_date)
WHERE ledger.service = :service AND ledger.source_name = 'applications' AND ledger.report_date < :limit_day
