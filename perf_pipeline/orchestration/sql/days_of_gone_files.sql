SELECT counted.service, counted.file_name, array_agg(DISTINCT counted.report_date ORDER BY counted.report_date) AS days
FROM perf.extracted_feedback AS counted
WHERE
    counted.file_name IS NOT NULL AND counted.superseded_at IS NULL
    AND EXISTS (SELECT 1 FROM perf.export_files AS listed WHERE listed.subject = counted.service)
    AND NOT EXISTS (
        SELECT 1
        FROM perf.export_files AS listed
        WHERE listed.subject = counted.service AND listed.file_name = counted.file_name
    )
GROUP BY counted.service, counted.file_name
ORDER BY counted.service, counted.file_name
