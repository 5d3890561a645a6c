"""The systems of this process: our warehouse, and what we read, by address. Stages take this one object."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Services

if TYPE_CHECKING:
    from perf_pipeline.sources.sirius import SiriusClient


Progress = Callable[[str], None]


def utc_now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def silent(_message: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Systems:
    """Everything outside of this process that a run touches. None stands for a source that is not set."""

    warehouse: Engine
    services: Services
    service_database_urls: dict[str, str | None]
    """By the variable that the services file names."""
    exports_dir: Path | None
    sirius: "SiriusClient | None"
    publish_dir: Path
    hash_key: bytes = field(repr=False)
    is_demonstration: bool
    """Whether the sources are stand-ins, so that nothing published may pass for a real figure."""
    approved: frozenset[str] = frozenset()
    """Services whose figures may be published now, of those that a person approves first."""
    data_docs_url: str | None = None
    """Where the pages of the checks are served; None where they are files alone."""
    clock: Callable[[], datetime] = utc_now
    progress: Progress = silent
    """Told the name of each asset when its work begins."""
