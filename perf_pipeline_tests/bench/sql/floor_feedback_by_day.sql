SELECT (received_at AT TIME ZONE 'Europe/London')::date AS day, rating, count(*)
FROM floor_feedback
WHERE received_at >= %(start_at)s AND received_at < %(end_at)s
GROUP BY day, rating
