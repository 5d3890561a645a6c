"""Channel counts, from the Sirius data API (DOMAIN 3.3)."""
