"""Ratings from a service's own banner, in its feedback table (DOMAIN 3.1)."""
