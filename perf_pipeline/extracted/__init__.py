"""Stage 1: our own frozen copy of what the sources gave."""
