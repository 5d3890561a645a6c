"""Readers of the systems that we do not own."""
