"""The systems of this process: our warehouse, and where each source is. Stages take this one object."""

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
    """Progress that nobody watches."""


def not_locked() -> None:
    """For a process that holds the building lock already."""


@dataclass(frozen=True)
class Systems:
    """Everything outside of this process that a run touches."""

    warehouse: Engine
    services: Services
    addresses: Mapping[tuple[str, str], str] = field(repr=False)
    """Folder or URL by service and source; a pair that is absent is not set. URLs hold passwords."""
    publish_dir: Path
    data_docs_dir: Path
    """Where the pages of Great Expectations are written: internal, and no part of what is published."""
    first_day: date
    """The first reporting day."""
    hash_key: bytes = field(repr=False)
    is_demonstration: bool
    """Whether the sources are stand-ins, so that nothing published may pass for a real figure."""
    source_bounds: SourceBounds = field(default_factory=SourceBounds)
    sirius_auth: Literal["none", "sigv4"] = "none"
    approved: frozenset[str] = frozenset()
    """Services whose figures may be published now, of those that a person approves first."""
    data_docs_url: str | None = None
    """Where the pages of Great Expectations are served; None where they are files alone."""
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent
    """Called with the name of each asset when its work begins."""
    lock_building: Callable[[], None] = not_locked
    """Called before the first table is built: waits until no other run builds."""

    def days_of(self, service: Service, source: str) -> DayRange | None:
        """The ended reporting days that a source of a service can know about; None before the first of them has ended."""
        first = max(self.first_day, service.first_day_of(source))
        last = last_ended_day(self.clock())
        return DayRange(first, last) if first <= last else None

    def address(self, service: str, source: str) -> str | None:
        """Where a source of a service is; None where it is not set."""
        return self.addresses.get((service, source))
