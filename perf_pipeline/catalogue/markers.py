"""The markers that can stand beside a figure, and what each means (DOMAIN 2.5)."""

from perf_pipeline.catalogue.described import DescribedEnum


class Marker(DescribedEnum):
    """Shorthand beside a figure, in a column of its own; the meaning is what legends show."""

    BREAK_IN_SERIES = "b", "break in series"
    SUPPRESSED = "c", "suppressed"
    ESTIMATED = "e", "estimated"
    PROVISIONAL = "p", "provisional"
    REVISED = "r", "revised"
    NOT_AVAILABLE = "x", "not available"
    NOT_APPLICABLE = "z", "not applicable"
