INSERT INTO perf.export_files (file_name, modified_at, size_bytes_count, settled_at)
VALUES (:file_name, :modified_at, :size_bytes_count, :now)
ON CONFLICT (file_name) DO UPDATE SET
    modified_at = excluded.modified_at,
    size_bytes_count = excluded.size_bytes_count,
    settled_at = excluded.settled_at
