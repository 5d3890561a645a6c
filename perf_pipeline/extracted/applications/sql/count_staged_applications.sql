-- States that the source gave by day, and of them those that the extract holds, at that stamp or an earlier one.
SELECT
    (stamp AT TIME ZONE :timezone)::date AS report_date,
    count(*) AS states,
    count(*) FILTER (WHERE kept <= stamp) AS kept
FROM staged_applications AS seen
LEFT JOIN perf.extracted_application_states AS held
    ON held.service = :service AND held.application_hash = seen.application_hash
CROSS JOIN LATERAL (
    VALUES
    (seen.started_at, held.started_at),
    (seen.created_at, held.created_at),
    (seen.completed_at, held.completed_at)
) AS states (stamp, kept)
WHERE stamp >= :start_at AND stamp < :end_at
GROUP BY report_date
