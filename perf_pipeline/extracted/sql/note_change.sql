UPDATE perf.source_deliveries
SET revision_count = revision_count + 1, change = :change, changed_at = :now
WHERE subject = :subject AND source_name = :source_name AND period_start = :period_start
