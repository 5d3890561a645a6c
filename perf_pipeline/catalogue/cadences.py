"""When a source has to deliver. Until then a day that it has not delivered is waiting, afterwards it is late."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from perf_pipeline.catalogue.reporting_days import month_start

PUBLISHED_BY = time(6)
"""Time of day in London at which yesterday is published, or people are alerted."""


@dataclass(frozen=True)
class Nightly:
    """A source that delivers every night. A day is due `nights` nights after it."""

    nights: int

    @property
    def meaning(self) -> str:
        """The rule in words."""
        return f"a day is due within {self.nights} nights" if self.nights > 1 else "a day is due the night after it"

    def late_up_to(self, today: date) -> date:
        """The newest reporting day that is late if it is missing today."""
        return today - timedelta(days=self.nights + 1)


@dataclass(frozen=True)
class Monthly:
    """A source that a person delivers each month. A month is due by day `by_day` of the next month."""

    by_day: int

    @property
    def meaning(self) -> str:
        """The rule in words."""
        return f"a month is due by the {self.by_day}th of the month after it"

    def late_up_to(self, today: date) -> date:
        """The newest reporting day that is late if it is missing today."""
        last_month = month_start(today) - timedelta(days=1)
        return last_month if today.day > self.by_day else month_start(last_month) - timedelta(days=1)


Cadence = Nightly | Monthly
