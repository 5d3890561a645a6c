-- Sirius's online applications of four weeks beside those completed in the service.
SELECT
    subject,
    period_start,
    online || ' online applications in four weeks' AS observed,
    'about ' || completed || ', which were completed in the service' AS expected,
    least(online, completed) * {limit_channel_factor} < greatest(online, completed)
    AND greatest(online, completed) >= {limit_compared_count} AS is_broken
FROM (
    SELECT
        judged.subject,
        judged.period_start,
        sum(received.online_count) AS online,
        sum(reached.completed_count) AS completed
    FROM batch AS judged
    JOIN perf.{dataset} AS received
        ON received.{subject} = judged.subject
        AND received.{dimension} = judged.{dimension}
        AND received.{day} BETWEEN judged.period_start - 27 AND judged.period_start
    JOIN perf.daily_application_events AS reached
        ON reached.service = received.service
        AND reached.report_date = received.report_date
        AND reached.lpa_type = received.lpa_type
    WHERE judged.{dimension} IN ({compared})
    GROUP BY 1, 2
) AS compared
