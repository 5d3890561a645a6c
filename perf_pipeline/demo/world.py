"""The embedded default: a PostgreSQL of our own and stand-ins for every system that we read, brought up to yesterday.

Belongs here: what stands where, and for how long. The stand-ins themselves are the other modules of this folder.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day, london_day
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline.errors import SettingsError, UsageError, WarehouseError
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Progress, silent

WAREHOUSE = "perf_pipeline"
DAGSTER = "dagster"
MAKE_AN_LPA = "make_an_lpa"
_EXPORTS = "feedback_explorer"


@dataclass(frozen=True)
class World:
    """Where the stand-ins are while they are up."""

    warehouse_url: str
    dagster_url: str
    lpa_database_url: str
    exports_dir: Path
    sirius_url: str


@contextmanager
def embedded_databases(settings: Settings) -> Iterator[tuple[str, str]]:
    """The embedded PostgreSQL with the warehouse, migrated, and Dagster's storage; the URLs of both."""
    with embedded_postgres(settings.home) as postgres:
        yield _warehouse(postgres), postgres.ensure_database(DAGSTER)


@contextmanager
def stand_in_world(settings: Settings, *, progress: Progress = silent) -> Iterator[World]:
    """Everything of the embedded default, for as long as the block lasts."""
    # Flask and the contract take a second to import; only this block needs them.
    from perf_pipeline.demo.sirius_server import sirius_server

    days = DayRange(settings.first_day, max(settings.first_day, last_ended_day(datetime.now(UTC))))
    exports_dir = settings.home.resolve() / _EXPORTS
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
        with sirius_server(today=lambda: london_day(datetime.now(UTC))) as sirius_url:
            yield World(warehouse_url, postgres.ensure_database(DAGSTER), lpa_database_url, exports_dir, sirius_url)


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
    """Two processes that stand up the same world don't write the same files at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
