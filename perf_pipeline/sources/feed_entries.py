"""What an OPG feed file holds once it is read: entries, and faults that are told with their entry.

Belongs here: the parsed form. Doesn't belong here: how it comes about (`published_history`), the rules (`feed_audit`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from perf_pipeline.catalogue.feed_types import NAME


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of the file; `index` counts from 1. A value that is absent or can't be understood is None.

    `period_start` is the day that `timestamp`, the text as written, means. `count` is exact; a text that holds a number
    gives that number, and a fault.
    """

    index: int
    timestamp: str | None = None
    period_start: date | None = None
    service: str | None = None
    channel: str | None = None
    count: Decimal | None = None
    data_type: str | None = None
    period: str | None = None
    markers: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What the entry is about, for people: `2024-03-01, digital-take-up`."""
        data_type = self.data_type if self.data_type and NAME.fullmatch(self.data_type) else None
        return ", ".join(str(part) for part in (self.period_start, data_type) if part)


@dataclass(frozen=True, slots=True)
class FeedFault:
    """What is wrong, in one sentence, and with which entry; None where it is the file or a whole series."""

    entry: int | None
    subject: str
    what: str

    def __str__(self) -> str:
        if self.entry is None:
            return f"{self.subject}: {self.what}"
        return f"entry {self.entry}{f' ({self.subject})' if self.subject else ''}: {self.what}"


@dataclass(frozen=True, slots=True)
class FeedReading:
    """All entries of a file, sound or not, in its order, and the faults of their form."""

    entries: tuple[FeedEntry, ...]
    faults: tuple[FeedFault, ...]


def fault_of(entry: FeedEntry, what: str) -> FeedFault:
    """A fault of one entry."""
    return FeedFault(entry.index, entry.subject, what)
