-- The verdicts on sources are made at the end of an extraction, and stay.
DELETE FROM perf.verdicts
WHERE dataset = :dataset AND period_start BETWEEN :first_day AND :last_day AND check_name <> ALL(:source_checks)
