"""Stage 3: monthly tables, summed from the daily counts."""
