"""The reporting calendar: Europe/London days and months, and which of them have ended. No Dagster, no database.

A reporting day is half-open, `[00:00, next 00:00)` London time, so it has 23 or 25 hours when the clocks change
(DOMAIN 2.5). SQL uses the UTC bounds.
"""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from perf_pipeline.errors import UsageError

TIMEZONE = "Europe/London"
LONDON = ZoneInfo(TIMEZONE)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DayRange:
    """Reporting days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise UsageError(
                f"The range runs from {self.first} to {self.last}, the wrong way round.",
                next_step="give the earlier day first (--from) and the later one last (--to).",
            )

    def __iter__(self) -> Iterator[date]:
        return (self.first + ONE_DAY * offset for offset in range(len(self)))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def utc_bounds(self) -> tuple[datetime, datetime]:
        """Instants `[start, end)` of the range in UTC."""
        return start_of(self.first), start_of(self.last + ONE_DAY)

    def earlier_by(self, days: int) -> "DayRange":
        """The range extended by `days` days before it."""
        return DayRange(self.first - timedelta(days=days), self.last)

    def whole_months(self) -> "DayRange":
        """The range extended to the whole months that it touches."""
        return DayRange(month_start(self.first), month_end(self.last))


def start_of(day: date) -> datetime:
    """The UTC instant at which a London day begins."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def london_day(instant: datetime) -> date:
    """The reporting day that an instant belongs to."""
    return instant.astimezone(LONDON).date()


def last_ended_day(now: datetime) -> date:
    """The newest reporting day that has ended."""
    return london_day(now) - ONE_DAY


def ended_days(first_day: date, now: datetime) -> DayRange:
    """The reporting days from `first_day` that have ended, or only `first_day` if none has ended."""
    return DayRange(first_day, max(first_day, last_ended_day(now)))


def month_start(day: date) -> date:
    """First day of the month of a day."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the month of a day."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def months_later(day: date, months: int) -> date:
    """The same day of the month `months` months later, or the last day of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def as_ranges(days: Iterable[date]) -> list[DayRange]:
    """The days as the fewest ranges without gaps, in order."""
    runs = groupby(enumerate(sorted(set(days))), key=lambda pair: pair[1] - ONE_DAY * pair[0])
    return [DayRange(run[0], run[-1]) for run in ([day for _, day in pairs] for _, pairs in runs)]


def joined(ranges: Sequence[DayRange], at_most: int) -> list[DayRange]:
    """Ordered ranges, reduced to `at_most` ranges by closing the shortest gaps."""
    joined = list(ranges)
    while len(joined) > at_most:
        gaps = [later.first - earlier.last for earlier, later in pairwise(joined)]
        place = gaps.index(min(gaps))
        joined[place : place + 2] = [DayRange(joined[place].first, joined[place + 1].last)]
    return joined
