-- Removes applications from quarantine whose stamps are plausible now.
UPDATE perf.quarantined_rows AS kept SET resolved_at = :now
FROM staged_applications AS staged
WHERE
    kept.subject = :service AND kept.source_name = 'applications' AND kept.resolved_at IS NULL
    AND kept.row_ref = 'application ' || staged.application_hash
