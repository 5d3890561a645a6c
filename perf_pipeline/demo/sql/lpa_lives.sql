-- Applications started on the given London days, each in its state at the instant as_of.
--
-- Everything that happens to an application is drawn from its number: the day of its start and its place within that
-- day. So any two builds agree, and a later build can compute what has happened to an application since. OFFSET 0 stops
-- PostgreSQL from merging the subqueries, which would repeat the draws for each use. Intervals are in seconds, because
-- intervals of days would depend on the time zone of the session.
CREATE TEMPORARY TABLE lives ON COMMIT DROP AS
WITH days AS (
    SELECT
        day,
        starts,
        day::timestamp AT TIME ZONE 'Europe/London' AS midnight,
        extract(
            epoch FROM (day + 1)::timestamp AT TIME ZONE 'Europe/London' - day::timestamp AT TIME ZONE 'Europe/London'
        )::float8 AS day_seconds
    FROM unnest(%(days)s::date[], %(starts)s::int[]) AS asked (day, starts)
),
hashed AS (
    SELECT
        days.*,
        place,
        n,
        hashint8extended(n, 1) AS h1,
        hashint8extended(n, 2) AS h2,
        hashint8extended(n, 3) AS h3,
        hashint8extended(n, 4) AS h4
    FROM
        days,
        generate_series(0, starts - 1) AS place,
        LATERAL (SELECT (day - %(epoch)s::date)::bigint * %(places_a_day)s + place AS n) AS numbered
    OFFSET 0
),
drawn AS (
    SELECT
        *,
        place < %(planted)s AS is_planted,
        place IN (%(unused_blanked)s, %(unused_vanished)s) AS is_unused,
        (h1 & 1048575) / 1048576::float8 AS hour_dice,
        (h1 >> 20 & 1048575) / 1048576::float8 AS spread_dice,
        (h1 >> 40 & 1048575) / 1048576::float8 AS quiet_dice,
        (h2 & 1048575) / 1048576::float8 AS created_dice,
        (h2 >> 20 & 1048575) / 1048576::float8 AS created_lag,
        (h2 >> 40 & 1048575) / 1048576::float8 AS minutes_dice,
        (h3 & 1048575) / 1048576::float8 AS completed_dice,
        (h3 >> 20 & 1048575) / 1048576::float8 AS completed_lag,
        (h3 >> 40 & 1048575) / 1048576::float8 AS edit_dice,
        (h4 & 1048575) / 1048576::float8 AS leave_dice,
        (h4 >> 20 & 1048575) / 1048576::float8 AS leave_lag,
        (h4 >> 40 & 1048575) / 1048576::float8 AS type_dice
    FROM hashed
    OFFSET 0
),
started AS (
    SELECT
        *,
        place IN (%(restamped)s, %(type_switched)s) OR NOT is_planted AND edit_dice < 0.03 AS is_edited,
        NOT is_planted AND edit_dice < 0.02 AS is_edited_before_completion,
        is_planted OR completed_dice < 0.92 AS will_complete,
        midnight + make_interval(secs => CASE
            WHEN place = %(after_midnight)s THEN 1800
            WHEN place = %(before_midnight)s THEN day_seconds - 1800
            WHEN place BETWEEN %(equal_first)s AND %(equal_last)s THEN 43200
            WHEN quiet_dice < 0.05 THEN day_seconds * hour_dice
            ELSE day_seconds * (0.29 + 0.66 * (hour_dice + spread_dice) / 2)
        END) AS started_at
    FROM drawn
    OFFSET 0
),
created AS (
    SELECT
        *,
        started_at + make_interval(secs => CASE
            WHEN is_unused THEN NULL
            WHEN place = %(created_before_start)s THEN -2400
            WHEN place = %(late_type)s THEN 5 * 86400
            WHEN is_planted THEN 3600
            WHEN created_dice >= 0.77 THEN NULL
            WHEN created_dice >= 0.75 THEN (91 + floor(20 * created_lag)) * 86400 + 10500 * minutes_dice
            WHEN created_lag < 0.3 THEN 300 + 10500 * minutes_dice
            ELSE floor(90 * ((created_lag - 0.3) / 0.7) * ((created_lag - 0.3) / 0.7) * ((created_lag - 0.3) / 0.7))
                * 86400 + 300 + 10500 * minutes_dice
        END) AS created_first
    FROM started
    OFFSET 0
),
completed AS (
    SELECT
        *,
        created_first + make_interval(secs => CASE
            WHEN NOT will_complete OR is_edited_before_completion THEN NULL
            WHEN place = %(completed_before_created)s THEN -3600
            WHEN is_planted THEN 3600
            WHEN completed_lag < 0.6 THEN 1200 + 16000 * completed_lag
            ELSE floor(25 * ((completed_lag - 0.6) / 0.4) * ((completed_lag - 0.6) / 0.4)) * 86400
                + 1200 + 9600 * minutes_dice
        END) AS completed_first
    FROM created
    OFFSET 0
),
edited AS (
    SELECT
        *,
        coalesce(completed_first, created_first)
            + make_interval(secs => CASE
                WHEN NOT is_edited THEN NULL
                WHEN is_planted THEN 2 * 86400
                ELSE (1 + floor(2 * created_lag)) * 86400
            END) AS edited_at,
        make_interval(secs => CASE WHEN is_planted THEN 86400 ELSE 21600 + 86400 * completed_lag END) AS edit_time
    FROM completed
    OFFSET 0
),
lived AS (
    SELECT
        *,
        edited_at + edit_time AS created_again,
        CASE WHEN will_complete THEN edited_at + edit_time + make_interval(secs => 3600) END AS completed_again,
        CASE
            WHEN place = %(blanked_at_once)s THEN started_at + make_interval(secs => 600)
            WHEN place = %(blanked_next_day)s THEN started_at + make_interval(secs => 90000)
            WHEN is_unused OR NOT is_planted AND created_first IS NULL AND leave_dice > 0.88
                THEN midnight + make_interval(secs => %(unused_days)s * 86400 + 10800)
            WHEN NOT is_planted AND leave_dice < 0.02 THEN started_at + make_interval(secs => 5184000 * leave_lag)
        END AS left_at,
        place = %(unused_vanished)s OR NOT is_planted AND mod(n, 10) = 0 AS is_vanishing,
        place = %(without_type)s OR NOT is_planted AND created_first IS NULL AND type_dice > 0.92 AS is_without_type,
        place = %(late_type)s OR NOT is_planted AND edit_dice > 0.99 AS is_type_late,
        place = %(type_switched)s OR NOT is_planted AND type_dice > 0.8 AS is_type_switched
    FROM edited
    OFFSET 0
),
seen AS (
    SELECT
        n,
        place,
        is_vanishing,
        is_without_type,
        is_type_late,
        is_type_switched,
        type_dice,
        started_at,
        CASE WHEN created_first < %(as_of)s THEN created_first END AS created_first,
        CASE WHEN completed_first < %(as_of)s THEN completed_first END AS completed_first,
        CASE WHEN edited_at < %(as_of)s THEN edited_at END AS edited_at,
        CASE WHEN created_again < %(as_of)s THEN created_again END AS created_again,
        CASE WHEN completed_again < %(as_of)s THEN completed_again END AS completed_again,
        CASE WHEN left_at < %(as_of)s THEN left_at END AS left_at
    FROM lived
    -- The service is older than the first day. Earlier applications are included if something happens on a later day.
    WHERE
        midnight >= %(opened_at)s
        OR greatest(created_first, completed_first, created_again, completed_again) >= %(opened_at)s
    OFFSET 0
),
stated AS (
    SELECT
        *,
        left_at IS NULL AS is_whole,
        CASE WHEN edited_at IS NULL THEN created_first ELSE created_again END AS created_at,
        CASE WHEN edited_at IS NULL THEN completed_first ELSE completed_again END AS completed_at,
        greatest(
            started_at, created_first, completed_first, edited_at, created_again, completed_again, left_at
        ) AS changed_at,
        CASE
            WHEN is_without_type OR is_type_late AND created_first IS NULL THEN NULL
            WHEN (type_dice < 0.55) <> (is_type_switched AND edited_at IS NOT NULL) THEN 'property-and-financial'
            ELSE 'health-and-welfare'
        END AS lpa_type
    FROM seen
    OFFSET 0
)
SELECT
    mod(n * %(id_step)s, %(id_space)s) AS id,
    CASE WHEN is_whole THEN to_hex(hashint8extended(n / 2, 5)) END AS "user",
    -- Completion, lock and payment do not change it. Blanking does.
    greatest(started_at, created_first, edited_at, created_again, left_at) AS "updatedAt",
    CASE WHEN is_whole AND place <> %(without_start)s THEN started_at END AS "startedAt",
    CASE WHEN is_whole THEN created_at END AS "createdAt",
    CASE WHEN is_whole THEN completed_at END AS "completedAt",
    CASE WHEN is_whole THEN completed_at END AS "lockedAt",
    CASE WHEN is_whole THEN completed_at IS NOT NULL END AS locked,
    CASE WHEN is_whole THEN created_at IS NOT NULL END AS "whoAreYouAnswered",
    CASE WHEN is_whole AND mod(n, 40) = 1 THEN mod((n - 1) * %(id_step)s, %(id_space)s) END AS seed,
    CASE WHEN is_whole AND mod(n, 100) = 1 THEN 700000000000 + mod(n, 1000000) END AS "repeatCaseNumber",
    CASE WHEN is_whole AND place <> %(without_document)s THEN (
        '{' || coalesce('"type": "' || lpa_type || '", ', '')
        || '"donor": {"name": "Invented Donor ' || n || '"}, "whenLpaStarts": "now"}'
    )::jsonb END AS document,
    CASE WHEN is_whole AND completed_at IS NOT NULL THEN '{"amount": 92, "method": "card"}'::jsonb END AS payment,
    CASE WHEN is_whole THEN '{"instruction-confirmed": true}'::jsonb END AS metadata,
    CASE WHEN is_whole THEN 'Invented Donor ' || n END AS search,
    NULL::text AS "sharedSpaceId",
    NOT is_whole AND is_vanishing AS is_gone
FROM stated
WHERE changed_at >= %(changed_since)s
