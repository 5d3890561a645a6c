-- Days and the extract that they are made from. An extract without a verdict has changed since it was checked.
SELECT
    made.subject,
    made.period_start,
    coalesce(judged.failed, '{not_checked}') AS observed,
    needed.extract || ' to have passed its checks' AS expected,
    judged.verdicts_count = 0 OR judged.failed IS NOT NULL AS is_broken
FROM (SELECT DISTINCT subject, period_start FROM batch) AS made
CROSS JOIN unnest(ARRAY[{extracts}]) AS needed (extract)
CROSS JOIN LATERAL (
    SELECT
        count(*) AS verdicts_count,
        string_agg(check_name || ' ' || result, ', ' ORDER BY check_name) FILTER (WHERE result <> 'passed') AS failed
    FROM perf.verdicts
    WHERE
        dataset = needed.extract
        AND subject = made.subject
        AND period_start = made.period_start
        AND severity = 'blocking'
) AS judged
