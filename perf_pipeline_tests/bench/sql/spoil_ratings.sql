-- More ratings outside of the scale than a day may have, on every day.
INSERT INTO feedback (received, message)
SELECT received + interval '1 second', '{"rating": "unknown"}'
FROM feedback
WHERE id %% 10 = 0
