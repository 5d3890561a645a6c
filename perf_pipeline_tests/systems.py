"""Systems for tests: a warehouse, and those sources that a test has."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.systems import Systems

MORNING = datetime(2026, 6, 15, 3, tzinfo=UTC)


def systems_with(
    warehouse: Engine,
    folder: Path,
    *,
    addresses: Mapping[str, str] | None = None,
    services: Services | None = None,
    first_day: date = date(2025, 5, 1),
    clock: Callable[[], datetime] = lambda: MORNING,
    hash_key: bytes = b"a key for tests",
) -> Systems:
    """Systems that publish below `folder`; `addresses` are those of the sources that are set, the same for every service."""
    known = services or load_services()
    return Systems(
        warehouse=warehouse,
        services=known,
        addresses={
            (service.slug, source): (addresses or {})[source]
            for service, source in known.pairs
            if source in (addresses or {})
        },
        publish_dir=folder / "published",
        data_docs_dir=folder / "data_docs",
        data_docs_address="http://127.0.0.1:3001",
        first_day=first_day,
        hash_key=hash_key,
        clock=clock,
    )


def of_make_an_lpa(url: str) -> dict[str, str]:
    """The addresses of the two sources in a Make an LPA database."""
    return {"in-service": url, "applications": url}
