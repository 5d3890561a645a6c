SELECT DISTINCT report_date, headline_method
FROM perf.daily_user_satisfaction
WHERE report_date BETWEEN :first_day AND :last_day
