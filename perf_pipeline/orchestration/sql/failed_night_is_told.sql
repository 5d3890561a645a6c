-- Whether people were told why the runs of the night after the day failed; the schedule names them by its tick.
SELECT EXISTS (SELECT 1 FROM perf.alerts_told WHERE cause LIKE 'night ' || (CAST(:day AS date) + 1) || 'T%')
