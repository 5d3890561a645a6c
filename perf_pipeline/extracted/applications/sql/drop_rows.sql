-- Deletes applications whose stamps are all before the first day that is kept. This includes the latest stamps: otherwise
-- a later stamp that is read again would be taken for a first one. The first condition lets PostgreSQL use the indexes.
DELETE FROM perf.extracted_application_states
WHERE
    (started_date < :first_kept_day OR created_date < :first_kept_day OR completed_date < :first_kept_day)
    AND service = :service
    AND greatest(started_date, created_date, completed_date) < :first_kept_day
    AND coalesce(
        (greatest(latest_created_at, latest_completed_at) AT TIME ZONE :timezone)::date < :first_kept_day, true
    )
