-- Days that are frozen already keep their counts.
INSERT INTO perf.frozen_application_counts (
    service, report_date, lpa_type, started_count, created_count, completed_count, created_same_day_count,
    cohort_started_count, cohort_created_count, cohort_completed_count
)
SELECT
    service, report_date, lpa_type, started_count, created_count, completed_count, created_same_day_count,
    cohort_started_count, cohort_created_count, cohort_completed_count
FROM perf.daily_application_events
JOIN perf.daily_completion_rate USING (service, report_date, lpa_type)
WHERE service = :service AND report_date BETWEEN :first_day AND :last_day AND lpa_type <> 'all'
ON CONFLICT DO NOTHING
