-- Days that are frozen already keep their counts.
INSERT INTO perf.frozen_feedback_counts (
    service, source, report_date, very_satisfied_count, satisfied_count, neither_count, dissatisfied_count,
    very_dissatisfied_count
)
SELECT
    service, source, report_date, very_satisfied_count, satisfied_count, neither_count, dissatisfied_count,
    very_dissatisfied_count
FROM perf.daily_user_satisfaction
WHERE service = :service AND source = :source_name AND report_date BETWEEN :first_day AND :last_day
ON CONFLICT DO NOTHING
