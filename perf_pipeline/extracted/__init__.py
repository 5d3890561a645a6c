"""Stage 1: our own copy of the sources' data. Each source has a folder with its reader, its merge and its SQL."""
