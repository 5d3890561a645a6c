"""Application states, from a service's applications table (DOMAIN 3.1)."""
