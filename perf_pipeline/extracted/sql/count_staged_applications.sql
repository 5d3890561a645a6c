SELECT (stamp AT TIME ZONE :timezone)::date AS report_date, count(*) AS states
FROM staged_applications
CROSS JOIN LATERAL (VALUES (started_at), (created_at), (completed_at)) AS stamps (stamp)
WHERE (stamp AT TIME ZONE :timezone)::date BETWEEN :first_day AND :last_day
GROUP BY report_date
