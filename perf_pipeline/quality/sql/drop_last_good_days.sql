-- What was put by is no longer needed once the day has passed again.
DELETE FROM perf.last_good_days AS kept
USING (
    SELECT service, report_date
    FROM perf.verdicts
    WHERE dataset = :dataset AND report_date BETWEEN :first_day AND :last_day
    GROUP BY service, report_date
    HAVING bool_and(result = 'passed' OR severity <> 'blocking')
) AS passed
WHERE kept.dataset = :dataset AND kept.service = passed.service AND kept.report_date = passed.report_date
