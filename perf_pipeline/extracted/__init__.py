"""Stage 1: our own frozen copy of what the sources gave. A folder a source, each with its reader, its merge and its SQL."""
