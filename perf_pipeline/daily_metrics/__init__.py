"""Stage 2: daily tables, computed from the extracts."""
