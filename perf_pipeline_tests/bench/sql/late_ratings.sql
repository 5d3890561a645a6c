-- Fifty ratings of one past day that come in after it was read.
INSERT INTO feedback (received, message)
SELECT
    %(day)s::timestamp AT TIME ZONE 'Europe/London' + make_interval(mins => n),
    jsonb_build_object('rating', 'satisfied', 'details', 'Invented late words ' || n, 'fromPage', '/home')
FROM generate_series(1, 50) AS n
