"""The subject of a figure and the dimension by which it is broken down."""

from dataclasses import dataclass
from typing import Literal

from perf_pipeline.catalogue.sources import sources_for

Subject = Literal["service"]
"""The columns that can hold the subject of a row."""

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
    """The value of the row that sums the others. None when they are never summed: then the services file names one."""

    @property
    def all_values(self) -> tuple[str, ...]:
        """Every value that the column may hold."""
        return self.values if self.total is None else (*self.values, self.total)


RATING_SOURCE = Dimension("source", "Source of the ratings", sources_for("user-satisfaction"), None)
LPA_TYPE = Dimension("lpa_type", "Type of LPA", LPA_TYPES, ALL)
