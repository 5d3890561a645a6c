-- The days before the limit that the ledger knows, and whether their ratings are final and passed: nothing is left to be
-- read of them, the figure is not provisional, and no check holds any of the datasets back.
SELECT
    ledger.report_date,
    ledger.outcome = 'delivered'
    AND ledger.released_at IS NOT NULL
    AND coalesce(NOT ratings.is_provisional, false)
    AND coalesce(passed.datasets_count, 0) = cardinality(CAST(:datasets AS text[])) AS is_settled
FROM perf.source_deliveries AS ledger
LEFT JOIN perf.daily_user_satisfaction AS ratings
    ON ratings.service = ledger.service
    AND ratings.report_date = ledger.report_date
    AND ratings.source = ledger.source_name
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
) AS passed ON passed.report_date = ledger.report_date
WHERE ledger.service = :service AND ledger.source_name = 'in-service' AND ledger.report_date < :limit_day
