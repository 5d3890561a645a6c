"""The embedded default: our own PostgreSQL, and stand-ins for every source with data up to yesterday.

Here: where each of them is and how long it is up. The stand-ins themselves are the other modules of this folder.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perf_pipeline.catalogue.reporting_days import ended_days, london_day
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline.errors import SettingsError, UsageError, WarehouseError
from perf_pipeline.settings import Settings
from perf_pipeline.systems import Progress, silent

WAREHOUSE = "perf_pipeline"
DAGSTER = "dagster"
MAKE_AN_LPA = "make_an_lpa"
_EXPORTS = "feedback_explorer"


@dataclass(frozen=True)
class World:
    """The addresses of the stand-ins while they are up."""

    warehouse_url: str
    dagster_url: str
    addresses: Mapping[str, str]
    """Folder or URL by source."""

    def variables(self, services: Services) -> dict[str, str]:
        """The variables that point another process at the stand-ins."""
        databases = {"PERF_DATABASE_URL": self.warehouse_url, "PERF_DAGSTER_DATABASE_URL": self.dagster_url}
        sources = {
            service.sources[name].database or f"PERF_{(SOURCES[name].setting or '').upper()}": self.addresses[name]
            for service, name in services.pairs
        }
        return databases | sources


@contextmanager
def embedded_databases(settings: Settings) -> Iterator[tuple[str, str]]:
    """Start the embedded PostgreSQL and migrate the warehouse. Yields the URLs of the warehouse and Dagster's storage."""
    with embedded_postgres(settings.home) as postgres:
        yield _warehouse(postgres), postgres.ensure_database(DAGSTER)


@contextmanager
def stand_in_world(settings: Settings, *, progress: Progress = silent) -> Iterator[World]:
    """The whole embedded default, up until the block ends."""
    # Flask and the contract take a second to import; only this block needs them.
    from perf_pipeline.demo.sirius_server import sirius_server

    days = ended_days(settings.first_day, settings.now())
    exports_dir = stand_in_exports_dir(settings)
    with embedded_postgres(settings.home) as postgres:
        warehouse_url = _warehouse(postgres)
        lpa_database_url = postgres.ensure_database(MAKE_AN_LPA)
        try:
            build_lpa_database(lpa_database_url, days.first, days.last, progress=progress)
        except UsageError as error:
            raise SettingsError(
                error.what,
                next_step=f"set PERF_FIRST_DAY to what it was when {settings.home.resolve()} was made,"
                " or PERF_HOME to a new folder.",
            ) from None
        with _one_at_a_time(exports_dir):
            write_exports(exports_dir, days.first, days.last)
        with sirius_server(today=lambda: london_day(settings.now())) as sirius_url:
            addresses = {
                "done-page": str(exports_dir),
                "in-service": lpa_database_url,
                "applications": lpa_database_url,
                "sirius": sirius_url,
            }
            yield World(warehouse_url, postgres.ensure_database(DAGSTER), addresses)


def stand_in_exports_dir(settings: Settings) -> Path:
    """The folder of the stand-in exports."""
    return settings.home.resolve() / _EXPORTS


def _warehouse(postgres: EmbeddedPostgres) -> str:
    # Alembic takes half a second to import.
    from perf_pipeline.warehouse.engine import warehouse_engine
    from perf_pipeline.warehouse.migrating import check_migrated, migrate

    url = postgres.ensure_database(WAREHOUSE)
    engine = warehouse_engine(url)
    try:
        check_migrated(engine)
    except WarehouseError:
        migrate(engine)
    finally:
        engine.dispose()
    return url


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a lock, so that two processes do not write the same files at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
