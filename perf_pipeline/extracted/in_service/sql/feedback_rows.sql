-- Ratings received in [start_at, end_at). They are judged in the source's database, so that no comment, address or telephone
-- number leaves it.
-- Columns: row_ref, feedback_key, received_at, rating, page_path, reason, is_duplicate.
WITH RECURSIVE
commented AS (
    -- The day before is read too, because the two parts of a double submission may be on both sides of midnight.
    SELECT id, received, hashtextextended(message ->> 'details', 0) AS comment_hash
    FROM feedback
    WHERE
        received >= %(start_at)s::timestamptz - interval '1 day' AND received < %(end_at)s
        AND message ->> 'details' <> ''
),
neighbours AS (
    SELECT
        id,
        received - lag(received) OVER by_comment <= make_interval(secs => %(repeat_seconds)s) AS is_near_earlier,
        lead(received) OVER by_comment - received <= make_interval(secs => %(repeat_seconds)s) AS is_near_later
    FROM commented
    WINDOW by_comment AS (PARTITION BY comment_hash ORDER BY received)
),
-- Few rows have a near row with the same comment. Only these are compared in all six fields, which takes much longer.
candidates AS (
    SELECT
        id,
        received,
        md5(
            jsonb_build_array(
                message -> 'rating', message -> 'details', message -> 'agent',
                message -> 'fromPage', message -> 'email', message -> 'phone'
            )::text
        ) AS content
    FROM feedback
    WHERE id IN (SELECT id FROM neighbours WHERE is_near_earlier OR is_near_later)
),
gaps AS (
    SELECT
        id, received, content,
        received - lag(received) OVER (PARTITION BY content ORDER BY received, id) <= make_interval(secs => %(repeat_seconds)s) AS is_near
    FROM candidates
),
runs AS (
    SELECT
        id, received, content,
        count(*) FILTER (WHERE is_near IS NOT TRUE) OVER (PARTITION BY content ORDER BY received, id) AS run
    FROM gaps
),
numbered AS (
    SELECT
        id, received, content, run,
        row_number() OVER (PARTITION BY content, run ORDER BY received, id) AS place,
        count(*) OVER (PARTITION BY content, run) AS length
    FROM runs
),
walked AS (
    -- In each series of close repeats, a row is counted unless it came too soon after the last counted row.
    SELECT id, content, run, place, received AS kept_at, false AS is_duplicate
    FROM numbered
    WHERE place = 1 AND length > 1
    UNION ALL
    SELECT
        later.id, later.content, later.run, later.place,
        CASE WHEN later.received - walked.kept_at <= make_interval(secs => %(repeat_seconds)s) THEN walked.kept_at ELSE later.received END,
        later.received - walked.kept_at <= make_interval(secs => %(repeat_seconds)s)
    FROM walked
    JOIN numbered AS later
        ON later.content = walked.content AND later.run = walked.run AND later.place = walked.place + 1
),
judged AS (
    SELECT
        id,
        received,
        CASE message ->> 'rating'
            WHEN 'very-satisfied' THEN 5
            WHEN 'satisfied' THEN 4
            WHEN 'neither-satisfied-or-dissatisfied' THEN 3
            WHEN 'dissatisfied' THEN 2
            WHEN 'very-dissatisfied' THEN 1
        END AS rating,
        message ->> 'rating' IS NULL AS is_unrated,
        message = '{}'::jsonb AS is_empty,
        -- Only the path, without anything that may identify a person: no host, query or fragment, and no part with a digit.
        regexp_replace(
            regexp_replace(split_part(split_part(message ->> 'fromPage', '?', 1), '#', 1), '^[a-z]+://[^/]*', ''),
            '/[^/]*[0-9][^/]*', '/-', 'g'
        ) AS page_path,
        id IN (SELECT id FROM walked WHERE is_duplicate) AS is_duplicate
    FROM feedback
    WHERE received >= %(start_at)s AND received < %(end_at)s
    -- Without it, PostgreSQL would compute the path twice.
    OFFSET 0
)
SELECT
    'feedback.id=' || id,
    md5('feedback.id=' || id)::uuid,
    received,
    rating,
    -- A limit in the expression itself, as in {0,199}, makes it fifty times slower.
    CASE WHEN page_path ~ '^/[a-z/_-]*$' AND length(page_path) <= 200 THEN page_path END,
    CASE
        WHEN is_empty THEN 'message_is_empty'
        WHEN is_unrated THEN 'rating_is_missing'
        WHEN rating IS NULL THEN 'rating_outside_scale'
    END,
    is_duplicate
FROM judged
