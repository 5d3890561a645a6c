"""Ratings of the done page, from Feedback Explorer exports (DOMAIN 3.4)."""
