SELECT file_name, modified_at, size_bytes_count
FROM perf.export_files
WHERE subject = :subject
