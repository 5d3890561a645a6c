"""Ratings of a service's own banner, from its feedback table (DOMAIN 3.1)."""
