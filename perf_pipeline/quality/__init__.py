"""Whether a table may be built upon."""
