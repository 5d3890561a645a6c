-- Every unusable line that was ever set aside, let in again since or not.
SELECT row_ref, reason
FROM perf.quarantined_rows
WHERE service = :service AND source_name = 'done-page'
