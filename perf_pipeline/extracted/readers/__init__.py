"""Protocols that sources are read by: PostgreSQL and JSON over HTTP."""
