"""The systems that a process uses: our warehouse, and the address of each source. Every stage gets this object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.source_bounds import SourceBounds

Progress = Callable[[str], None]


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def silent(_message: str) -> None:
    """Ignore progress messages."""


def not_locked() -> None:
    """Take no lock, for a process that already holds the building lock."""


@dataclass(frozen=True)
class Systems:
    """The warehouse, the sources and the folders of a run."""

    warehouse: Engine
    services: Services
    addresses: Mapping[tuple[str, str], str] = field(repr=False)
    """Folder or URL by service and source. A source without an address is absent. URLs may have passwords."""
    publish_dir: Path
    data_docs_dir: Path
    """The folder for the pages of the checks. They are internal and never published."""
    data_docs_address: str
    """The address of these pages for links, without a closing slash."""
    first_day: date
    """The first reporting day."""
    hash_key: bytes = field(repr=False)
    source_bounds: SourceBounds = field(default_factory=SourceBounds)
    sirius_auth: Literal["none", "sigv4"] = "none"
    approved: frozenset[str] = frozenset()
    """The services with required approval whose figures are approved in this run."""
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent
    """Called with the name of each asset when it starts."""
    lock_building: Callable[[], None] = not_locked
    """Called before the first table is built. It waits until no other run builds."""

    def days_of(self, service: Service, source: str) -> DayRange | None:
        """The ended reporting days that a source of a service has data for. None before the first of them has ended."""
        first = max(self.first_day, service.first_day_of(source))
        last = last_ended_day(self.clock())
        return DayRange(first, last) if first <= last else None

    def address(self, service: str, source: str) -> str | None:
        """The address of a source of a service. None if it is not set."""
        return self.addresses.get((service, source))
