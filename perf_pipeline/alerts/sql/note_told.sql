-- Gives the cause back only where it was not there yet.
INSERT INTO perf.alerts_told (cause, told_at) VALUES (:cause, :now) ON CONFLICT DO NOTHING RETURNING cause
