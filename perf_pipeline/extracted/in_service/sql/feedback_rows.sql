-- Ratings received in [start_at, end_at). They are judged in the source's database, so that no comment, address or telephone
-- number leaves it.
-- Columns: row_ref, feedback_key, received_at, rating, page_path, reason, is_duplicate.
WITH RECURSIVE
read_rows AS (
    -- The day before is read too, because the two parts of a double submission may be on both sides of midnight.
    SELECT
        id,
        received,
        message ->> 'rating' AS rating,
        message ->> 'fromPage' AS from_page,
        message = '{}'::jsonb AS is_empty,
        coalesce(message ->> 'details', '') <> '' AS has_comment,
        md5(
            jsonb_build_array(
                message -> 'rating', message -> 'details', message -> 'agent',
                message -> 'fromPage', message -> 'email', message -> 'phone'
            )::text
        ) AS content
    FROM feedback
    WHERE received >= %(start_at)s::timestamptz - interval '1 day' AND received < %(end_at)s
),
gaps AS (
    SELECT
        id, received, content,
        received - lag(received) OVER (PARTITION BY content ORDER BY received, id) <= make_interval(secs => %(repeat_seconds)s) AS is_near
    FROM read_rows
    WHERE has_comment
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
duplicates AS (SELECT id FROM walked WHERE is_duplicate),
judged AS (
    SELECT
        r.id,
        r.received,
        CASE r.rating
            WHEN 'very-satisfied' THEN 5
            WHEN 'satisfied' THEN 4
            WHEN 'neither-satisfied-or-dissatisfied' THEN 3
            WHEN 'dissatisfied' THEN 2
            WHEN 'very-dissatisfied' THEN 1
        END AS rating,
        r.rating IS NULL AS is_unrated,
        r.is_empty,
        -- Only the path, without anything that may identify a person: no host, query or fragment, and no part with a digit.
        regexp_replace(
            regexp_replace(split_part(split_part(r.from_page, '?', 1), '#', 1), '^[a-z]+://[^/]*', ''),
            '/[^/]*[0-9][^/]*', '/-', 'g'
        ) AS page_path,
        r.id IN (SELECT id FROM duplicates) AS is_duplicate
    FROM read_rows AS r
    WHERE r.received >= %(start_at)s
)
SELECT
    'feedback.id=' || id,
    md5('feedback.id=' || id)::uuid,
    received,
    rating,
    CASE WHEN page_path ~ '^/[a-z/_-]{0,199}$' THEN page_path END,
    CASE
        WHEN is_empty THEN 'message_is_empty'
        WHEN is_unrated THEN 'rating_is_missing'
        WHEN rating IS NULL THEN 'rating_outside_scale'
    END,
    is_duplicate
FROM judged
