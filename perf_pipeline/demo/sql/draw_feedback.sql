-- In-service feedback of the given London days. Every person, number and address is invented: addresses at example.org,
-- and the numbers 07700 900xxx, which Ofcom reserves for fiction.
INSERT INTO public.feedback (id, received, message)
WITH days AS (
    SELECT
        day,
        day - %(epoch)s::date AS day_number,
        rows_count,
        day::timestamp AT TIME ZONE 'Europe/London' AS midnight
    FROM unnest(%(days)s::date[], %(rows)s::int[]) AS asked (day, rows_count)
),
placed AS (
    SELECT
        *,
        CASE WHEN place = %(bad_rating)s THEN mod(day_number, 7) END AS bad_kind,
        CASE mod(day_number, 3)
            WHEN 0 THEN place BETWEEN %(repeat_first)s AND %(repeat_last)s
            ELSE place BETWEEN %(repeat_first)s AND %(repeat_first)s + 1
        END AS is_repeat,
        mod(day_number, 3) = 1 AS is_repeat_silent,
        mod(day_number, 3) = 2 AS is_repeat_from_another
    FROM days, generate_series(0, rows_count - 1) AS place
),
hashed AS (
    SELECT
        *,
        day_number::bigint * 100 + place AS n,
        -- Rows that repeat another row have the comment of the first.
        hashint8extended(day_number::bigint * 100 + CASE WHEN is_repeat THEN %(repeat_first)s ELSE place END, 11) AS h1,
        hashint8extended(day_number::bigint * 100 + place, 12) AS h2
    FROM placed
    OFFSET 0
),
drawn AS (
    SELECT
        *,
        (h1 & 1048575) / 1048576::float8 AS rating_dice,
        (h1 >> 20 & 1048575) / 1048576::float8 AS words_dice,
        (h1 >> 40 & 1048575) / 1048576::float8 AS page_dice,
        (h2 & 1048575) / 1048576::float8 AS hour_dice,
        (h2 >> 20 & 1048575) / 1048576::float8 AS spread_dice,
        mod(h1 & 1048575, 1000) AS person,
        mod(h1 & 1099511627775, 100000000000) AS lpa_id
    FROM hashed
    OFFSET 0
)
SELECT
    n,
    midnight + make_interval(secs => CASE
        WHEN place = %(after_midnight)s THEN 1800
        WHEN is_repeat AND mod(day_number, 3) = 0 THEN 43200 + 200 * (place - %(repeat_first)s)
        WHEN is_repeat THEN 43200 + 60 * (place - %(repeat_first)s)
        ELSE 82800 * (0.29 + 0.66 * (hour_dice + spread_dice) / 2)
    END),
    CASE WHEN bad_kind = 3 THEN '{}'::jsonb ELSE jsonb_strip_nulls(jsonb_build_object(
        'rating', CASE
            WHEN bad_kind = 0 THEN '<script>alert("hello rating");</script>dissatisfied'
            WHEN bad_kind = 1 THEN 'very-issatisfied'
            WHEN bad_kind = 2 THEN NULL
            WHEN rating_dice < 0.56 THEN 'very-satisfied'
            WHEN rating_dice < 0.81 THEN 'satisfied'
            WHEN rating_dice < 0.89 THEN 'neither-satisfied-or-dissatisfied'
            WHEN rating_dice < 0.94 THEN 'dissatisfied'
            ELSE 'very-dissatisfied'
        END,
        'details', CASE
            WHEN is_repeat AND is_repeat_silent OR words_dice < 0.04 AND NOT is_repeat THEN ''
            WHEN place = %(escaped)s THEN
                'I&amp;#039;m Invented Person ' || person || ', call 07700 900' || lpad(person::text, 3, '0')
                || ' &amp;lt;script&amp;gt;alert(&amp;quot;hello&amp;quot;)&amp;lt;/script&amp;gt;<b>now</b>'
            ELSE (ARRAY[
                'Easy to use and quick.',
                'Could not find how to add a replacement attorney.',
                'Very clear, thank you.',
                'The page timed out &amp; I had to start again.',
                'My mother''s name was refused because of the apostrophe.',
                'Paying by card was simple.',
                E'Too many pages.\nPlease write to invented.person@example.org',
                'I don&#039;t know what a certificate provider is.'
            ])[1 + floor(8 * words_dice)::int] || ' (' || person || ')'
        END,
        'agent', 'Mozilla/5.0 (stand-in; ' || floor(9 * page_dice)::text || ')',
        'fromPage', CASE floor(5 * page_dice)::int
            WHEN 0 THEN '/home'
            WHEN 1 THEN '/user/dashboard?page=' || mod(person, 9)
            WHEN 2 THEN '/lasting-power-of-attorney/lpa/' || lpad(lpa_id::text, 11, '0') || '/donor?x=1'
            WHEN 3 THEN '/lasting-power-of-attorney/lpa/' || lpad(lpa_id::text, 11, '0') || '/checkout?utm=a&amp;b=2'
            ELSE '/lasting-power-of-attorney/lpa/' || lpad(lpa_id::text, 11, '0') || '/people-to-notify'
        END,
        'email', CASE
            WHEN is_repeat AND is_repeat_from_another THEN 'invented.person.' || place || '@example.org'
            WHEN words_dice < 0.3 OR place = %(escaped)s THEN 'invented.person.' || person || '@example.org'
            ELSE ''
        END,
        'phone', CASE
            WHEN words_dice < 0.1 OR place = %(escaped)s THEN '07700 900' || lpad(person::text, 3, '0')
            ELSE ''
        END
    )) END
FROM drawn
