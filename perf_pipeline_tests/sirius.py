"""The day that the tests of Sirius take place on."""

from datetime import date

TODAY = date(2026, 9, 10)
"""What the stand-in believes, so that its counts are those of the day before."""
