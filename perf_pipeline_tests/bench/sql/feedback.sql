-- Ratings that come in evenly over the days. All words in them are invented.
INSERT INTO feedback (received, message)
SELECT
    %(start_at)s::timestamptz + (n - %(first)s + 0.5) * ((%(end_at)s::timestamptz - %(start_at)s::timestamptz) / %(rows)s),
    jsonb_build_object(
        'rating', CASE
            WHEN dice < 56 THEN 'very-satisfied'
            WHEN dice < 81 THEN 'satisfied'
            WHEN dice < 89 THEN 'neither-satisfied-or-dissatisfied'
            WHEN dice < 94 THEN 'dissatisfied'
            ELSE 'very-dissatisfied'
        END,
        'details', 'Invented words about page ' || n,
        'agent', 'Mozilla/5.0 (stand-in; ' || n %% 9 || ')',
        'fromPage', '/lasting-power-of-attorney/lpa/' || n || '/donor?x=1',
        'email', 'invented.person.' || n || '@example.org',
        'phone', ''
    )
FROM (SELECT n, (hashint8extended(n, 5) & 1023) %% 100 AS dice FROM generate_series(%(first)s, %(first)s + %(rows)s - 1) AS n) AS drawn
