"""The embedded PostgreSQL and the stand-ins for systems that we do not own."""
