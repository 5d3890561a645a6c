"""How big the measured worlds are, and the bound of every ratio."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange

LAST_DAY = date(2026, 8, 21)
NOW = datetime.combine(LAST_DAY + ONE_DAY, time(3), UTC)
"""What the clock of every command shows: three in the morning after the last day."""


@dataclass(frozen=True)
class Size:
    """A world: so many days, with so many applications and as many ratings on each."""

    name: str
    days_count: int
    bounds: Mapping[str, float] = field(default_factory=dict)
    """The largest ratio of each measurement. The fixed costs of a process weigh more in a small world."""
    rows_a_day: int = 1000

    @property
    def days(self) -> DayRange:
        return DayRange(LAST_DAY - timedelta(days=self.days_count - 1), LAST_DAY)

    @property
    def rows(self) -> int:
        return self.days_count * self.rows_a_day

    @property
    def with_few_rows(self) -> "Size":
        """As many days with a tenth of the rows."""
        return Size(f"{self.name}_few_rows", self.days_count, rows_a_day=self.rows_a_day // 10)


_BOUNDS = {
    "a": 6,
    "b with fifty late ratings": 12,
    "b without news": 5,
    "c": 1.8,
    "f": 400,
    "f growth": 1.1,
    "g": 2,
    "h": 1,
}
FULL = Size("full", 2000, _BOUNDS)
QUICK = Size("quick", 200, _BOUNDS | {"a": 30})
