"""The published history: files in the format of the OPG feed, audited and imported."""
