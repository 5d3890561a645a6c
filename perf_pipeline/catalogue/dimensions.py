"""What a figure is about (its subject) and what it is broken down by (its dimension)."""

from dataclasses import dataclass
from typing import Literal

from perf_pipeline.catalogue.sources import sources_for

Subject = Literal["service"]
"""The column that says whom a row is about."""

ALL = "all"
KNOWN_LPA_TYPES = ("health-and-welfare", "property-and-financial")
LPA_TYPES = (*KNOWN_LPA_TYPES, "unknown")


@dataclass(frozen=True)
class Dimension:
    """One way to break figures down."""

    column: str
    title: str
    values: tuple[str, ...]
    total: str | None
    """The value of the row that sums the others; None where they are never summed, and the services file names one."""

    @property
    def all_values(self) -> tuple[str, ...]:
        """Every value that the column may hold."""
        return self.values if self.total is None else (*self.values, self.total)


RATING_SOURCE = Dimension("source", "Source of the ratings", sources_for("user-satisfaction"), None)
LPA_TYPE = Dimension("lpa_type", "Type of LPA", LPA_TYPES, ALL)
