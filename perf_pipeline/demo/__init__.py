"""Stand-ins for systems that we do not own."""
