SELECT (at AT TIME ZONE 'Europe/London')::date AS day, lpa_type, state, count(*)
FROM floor_applications
CROSS JOIN LATERAL (
    VALUES ('started', started_at), ('created', created_at), ('completed', completed_at)
) AS states (state, at)
WHERE at >= %(start_at)s AND at < %(end_at)s
GROUP BY day, lpa_type, state
