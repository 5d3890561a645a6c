"""Reads the sources of a test into its warehouse, without Dagster."""

import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, Row, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.extracted.attempting import EXTRACTORS
from perf_pipeline.extracted.readings import Merged, Reading
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline_tests.systems import systems_with

SERVICE = "make-a-lpa"


def reading(
    warehouse: Engine,
    source: str,
    address: str,
    days: DayRange,
    at: datetime,
    *,
    service: str = SERVICE,
    key: bytes = b"a key",
) -> Reading:
    """A reading of a source of the service, Make an LPA unless named otherwise, at an instant."""
    systems = systems_with(warehouse, Path(), addresses={source: address}, clock=lambda: at, hash_key=key)
    return Reading(
        systems,
        systems.services[service],
        SOURCES[source],
        address,
        days,
        at,
        "a run",
        systems.source_bounds.deadline(),
    )


def applications(warehouse: Engine, url: str, days: DayRange, at: datetime, key: bytes = b"a key") -> Merged:
    """Read the applications of the days."""
    return EXTRACTORS["applications"](reading(warehouse, "applications", url, days, at, key=key))


def in_service(warehouse: Engine, url: str, days: DayRange, at: datetime) -> Merged:
    """Read the ratings of the service's own table."""
    return EXTRACTORS["in-service"](reading(warehouse, "in-service", url, days, at))


def done_page(warehouse: Engine, folder: Path, days: DayRange, at: datetime, service: str = SERVICE) -> Merged:
    """Read the ratings of a service's done page out of a folder of exports."""
    return EXTRACTORS["done-page"](reading(warehouse, "done-page", str(folder), days, at, service=service))


def channel_counts(warehouse: Engine, url: str, days: DayRange, at: datetime) -> Merged:
    """Ask Sirius at `url` for the days."""
    return EXTRACTORS["sirius"](reading(warehouse, "sirius", url, days, at))


@dataclass(frozen=True)
class LpaDatabase:
    """A Make an LPA database in which a test plants rows, and the warehouse that it is read into."""

    warehouse: Engine
    url: str
    cursor: Cursor
    """Each statement commits."""


@dataclass(frozen=True)
class Sirius:
    """The stand-in for Sirius, which answers as a test sets it, and the warehouse that it is read into."""

    warehouse: Engine
    url: str
    behaviour: SiriusBehaviour

    def answer(self, **answers: object) -> None:
        """Let it answer otherwise: names and values of `SiriusBehaviour`."""
        vars(self.behaviour).update(answers)

    def read(self, days: DayRange, at: datetime) -> Merged:
        """Ask for the days and merge them."""
        return channel_counts(self.warehouse, self.url, days, at)


def execute(warehouse: Engine, statement: str, **values: object) -> None:
    """Run a statement on the warehouse."""
    with transaction(warehouse) as connection:
        connection.execute(text(statement), values)


def lose_rows(warehouse: Engine, table: str, which: str) -> None:
    """Let a table swallow some rows, as a fault of ours would; for a warehouse of the test's own."""
    execute(warehouse, "CREATE FUNCTION perf.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
    trigger = f"BEFORE INSERT ON perf.{table} FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION perf.lose()"
    execute(warehouse, f"CREATE TRIGGER lose {trigger}")


def query(warehouse: Engine, statement: str, **values: object) -> list[Row[Any]]:
    """Rows of a statement on the warehouse."""
    with connected(warehouse) as connection:
        return list(connection.execute(text(statement), values))


def wait_for(warehouse: Engine, statement: str) -> None:
    """Repeat a statement on the warehouse until it gives a row, for ten seconds."""
    began = time.monotonic()
    while not query(warehouse, statement):
        assert time.monotonic() - began < 10, f"no row for ten seconds: {statement}"
        time.sleep(0.005)


def ledger(warehouse: Engine, source: str) -> dict[date, Row[Any]]:
    """What the ledger of deliveries has of a source, by day."""
    rows = query(
        warehouse,
        "SELECT * FROM perf.source_deliveries WHERE subject = :service AND source_name = :source ORDER BY period_start",
        service=SERVICE,
        source=source,
    )
    return {row.period_start: row for row in rows}


def revisions(warehouse: Engine, source: str) -> dict[date, int]:
    """How often each delivered day of a source has changed, its first delivery included."""
    return {day: row.revision_count for day, row in ledger(warehouse, source).items()}


def last_reading(warehouse: Engine, source: str, service: str = SERVICE) -> Row[Any]:
    """How the last reading of a source ended."""
    statement = "SELECT * FROM perf.source_readings WHERE subject = :service AND source_name = :source"
    (row,) = query(warehouse, statement, service=service, source=source)
    return row


def quarantine(warehouse: Engine) -> dict[str, str]:
    """Why each row that is in quarantine now is there, by its place in the source."""
    rows = query(warehouse, "SELECT row_ref, reason FROM perf.quarantined_rows WHERE resolved_at IS NULL")
    return {row.row_ref: row.reason for row in rows}
