-- Applications whose every stamp lies before the first day that is kept; the latest ones too, or the day of a later stamp,
-- read again, would take it for a first one. The first line lets the indexes find them.
DELETE FROM perf.extracted_application_states
WHERE
    (started_date < :first_kept_day OR created_date < :first_kept_day OR completed_date < :first_kept_day)
    AND service = :service
    AND greatest(started_date, created_date, completed_date) < :first_kept_day
    AND coalesce(
        (greatest(latest_created_at, latest_completed_at) AT TIME ZONE :timezone)::date < :first_kept_day, true
    )
