"""An OPG feed file laid out as series: which period and dataType each entry is about, in a file of one service.

Belongs here: placing entries, also those with a fault, so that one slip doesn't look like several. Doesn't belong here:
what is a fault (`feed_audit`, `feed_gaps`), what an entry says (`published_history`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from perf_pipeline.catalogue.feed_types import CHANNEL, DATA_TYPES, FEED_PERIODS, FIRST_YEAR, FeedPeriod
from perf_pipeline.catalogue.reporting_days import ONE_DAY, month_start, months_later
from perf_pipeline.sources.feed_entries import FeedEntry

_STARTS: Final[dict[FeedPeriod, Callable[[date], date]]] = {
    "year": lambda day: day.replace(month=1, day=1),
    "month": month_start,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "day": lambda day: day,
}
_NEXT: Final[dict[FeedPeriod, Callable[[date], date]]] = {
    "year": lambda start: months_later(start, 12),
    "month": lambda start: months_later(start, 1),
    "week": lambda start: start + timedelta(weeks=1),
    "day": lambda start: start + ONE_DAY,
}
_LENGTH_WRITTEN: Final[dict[FeedPeriod, int]] = {"year": len("2026"), "month": len("2026-04")}


class FeedSeries:
    """The entries by the start of their period and their dataType.

    A file is of one service, channel and length of period: `common` has those of most entries, known names first, and
    `known` the names to choose from. `period` is None where no entry has a known one. An entry of another period is
    placed as if it had the file's.
    """

    def __init__(self, entries: Collection[FeedEntry], services: Collection[str], today: date) -> None:
        self.entries = entries
        self.known: dict[str, Collection[str]] = {
            "service": services,
            "channel": (CHANNEL,),
            "period": FEED_PERIODS,
        }
        self.common = {
            key: _prevailing((name_of(entry, key) for entry in entries), names) for key, names in self.known.items()
        }
        self.period = next((period for period in FEED_PERIODS if period == self.common["period"]), None)
        self.running = self.start_of(today)
        self._placed: dict[tuple[date, str], list[FeedEntry]] = {}
        for entry in entries:
            start = self.start(entry)
            if start is not None and entry.data_type in DATA_TYPES:
                self._placed.setdefault((start, entry.data_type), []).append(entry)

    def __iter__(self) -> Iterator[tuple[date, str]]:
        """The periods and dataTypes that have entries."""
        return iter(self._placed)

    def __contains__(self, key: tuple[date, str]) -> bool:
        return key in self._placed

    def start_of(self, day: date) -> date:
        """First day of the period of the file's length that a day belongs to."""
        return _STARTS[self.period](day) if self.period else day

    def start(self, entry: FeedEntry) -> date | None:
        """First day of an entry's period; None where it can't be read, or no service can have a figure for it."""
        if entry.period_start is None or not date(FIRST_YEAR, 1, 1) <= entry.period_start:
            return None
        start = self.start_of(entry.period_start)
        return start if start <= self.running else None

    def is_placed(self, entry: FeedEntry) -> bool:
        """Whether the period and dataType of an entry are both known."""
        return self.start(entry) is not None and entry.data_type in DATA_TYPES

    def value(self, start: date, data_type: str) -> Decimal | None:
        """The value of a figure; None where there is none, or several that differ."""
        values = {entry.count for entry in self._placed.get((start, data_type), [])}
        return values.pop() if len(values) == 1 else None

    def periods(self, first: date, last: date) -> Iterator[date]:
        """Starts of the periods from `first` to `last`, both included; none where the period is not known."""
        while self.period and first <= last:
            yield first
            first = _NEXT[self.period](first)

    def last_day(self, start: date) -> date:
        """Last day of the period."""
        return _NEXT[self.period](start) - ONE_DAY if self.period else start

    def written(self, start: date) -> str:
        """A period for people: 2026, 2026-04 or the first day of a week, or the day."""
        return str(start)[: _LENGTH_WRITTEN.get(self.period)] if self.period else str(start)


def name_of(entry: FeedEntry, key: str) -> str | None:
    """What an entry says for service, channel or period."""
    return {"service": entry.service, "channel": entry.channel, "period": entry.period}[key]


def _prevailing(names: Iterator[str | None], known: Collection[str]) -> str | None:
    found = Counter(name for name in names if name is not None)
    return max(found, key=lambda name: (name in known, found[name]), default=None)
