"""Stage 2: one row per service and day."""
