"""Readers for the protocols of the sources: PostgreSQL, and JSON over HTTP."""
