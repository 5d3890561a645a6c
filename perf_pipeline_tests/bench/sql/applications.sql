-- Applications that start evenly over the days. Three of four are created, most within a day and all within 90; nine of ten of
-- these are completed within the day. What would happen after the last day has not happened yet.
INSERT INTO applications (
    id, "user", "updatedAt", "startedAt", "createdAt", "completedAt", locked, "whoAreYouAnswered", document, metadata, search
)
WITH drawn AS (
    SELECT
        n,
        %(start_at)s::timestamptz + (n - %(first)s) * ((%(end_at)s::timestamptz - %(start_at)s::timestamptz) / %(rows)s) AS started_at,
        (hashint8extended(n, 1) & 1048575) / 1048576::float8 AS created_dice,
        (hashint8extended(n, 2) & 1048575) / 1048576::float8 AS lag_dice,
        (hashint8extended(n, 3) & 1048575) / 1048576::float8 AS completed_dice,
        (hashint8extended(n, 4) & 1048575) / 1048576::float8 AS type_dice
    FROM generate_series(%(first)s, %(first)s + %(rows)s - 1) AS n
),
lived AS (
    SELECT
        *,
        CASE WHEN created_dice < 0.77 THEN
            started_at + make_interval(secs => 300 + 90 * 86400 * power(lag_dice, 12))
        END AS created_at
    FROM drawn
),
ended AS (
    SELECT
        *,
        CASE WHEN completed_dice < 0.92 THEN created_at + make_interval(secs => 1200 + 40000 * completed_dice) END AS completed_at
    FROM lived
)
SELECT
    n + 1,
    md5(n::text),
    started_at,
    started_at,
    CASE WHEN created_at < %(end_at)s THEN created_at END,
    CASE WHEN completed_at < %(end_at)s THEN completed_at END,
    completed_at < %(end_at)s,
    created_at < %(end_at)s,
    jsonb_build_object(
        'type', CASE WHEN type_dice < 0.55 THEN 'property-and-financial' WHEN type_dice < 0.97 THEN 'health-and-welfare' END,
        'donor', jsonb_build_object('name', 'Invented Donor ' || n, 'address', 'Invented Street ' || n),
        'whenLpaStarts', 'now'
    ),
    '{"instruction-confirmed": true}',
    'Invented Donor ' || n
FROM ended
