-- Whether any alert about the night was sent.
SELECT EXISTS (SELECT 1 FROM perf.alerts_sent WHERE night = :night)
