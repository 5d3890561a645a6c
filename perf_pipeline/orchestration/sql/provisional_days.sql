-- Cohorts are left out: building any later day renews those that it may have completed.
SELECT report_date FROM perf.daily_user_satisfaction WHERE is_provisional AND report_date BETWEEN :first_day AND :last_day
UNION
SELECT report_date FROM perf.daily_completion_rate WHERE is_provisional AND report_date BETWEEN :first_day AND :last_day
UNION
SELECT report_date FROM perf.daily_digital_take_up WHERE is_provisional AND report_date BETWEEN :first_day AND :last_day
