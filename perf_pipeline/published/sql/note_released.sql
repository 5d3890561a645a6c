-- Only days that no later run has asked for again: what that one found is not out yet.
UPDATE perf.source_deliveries SET released_at = :now WHERE run_id = :run_id
