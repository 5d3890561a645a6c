SELECT asked_from, owed_from
FROM perf.source_readings
WHERE subject = :subject AND source_name = :source_name
