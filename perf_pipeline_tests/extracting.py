"""Reading the sources of a test into its warehouse, without Dagster."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.applications.extract import extract_application_states
from perf_pipeline.extracted.sirius.extract import extract_channel_counts
from perf_pipeline.extracted.deliveries import Attempt
from perf_pipeline.extracted.done_page.extract import extract_done_page_feedback
from perf_pipeline.extracted.in_service.extract import extract_in_service_feedback
from perf_pipeline.extracted.sirius.client import SiriusClient
from perf_pipeline.warehouse.engine import connected

SERVICE = "make-a-lpa"
PAGE = "lasting-power-of-attorney"


def attempt(source: str, days: DayRange, at: datetime, service: str = SERVICE) -> Attempt:
    """An attempt to read a source of the service, Make an LPA unless told otherwise, at an instant."""
    return Attempt(service, source, days, at, "a run")


def applications(warehouse: Engine, url: str, days: DayRange, at: datetime, key: bytes = b"a key") -> None:
    """Read the applications of the days."""
    extract_application_states(warehouse, url, key, attempt("applications", days, at))


def in_service(warehouse: Engine, url: str, days: DayRange, at: datetime) -> None:
    """Read the ratings of the service's own table."""
    extract_in_service_feedback(warehouse, url, attempt("in-service", days, at))


def done_page(
    warehouse: Engine, folder: Path, days: DayRange, at: datetime, page: str = PAGE, service: str = SERVICE
) -> None:
    """Read the ratings of a service's done page out of a folder of exports."""
    extract_done_page_feedback(warehouse, folder, page, attempt("done-page", days, at, service))


def channel_counts(warehouse: Engine, url: str, days: DayRange, at: datetime) -> None:
    """Ask Sirius at `url` for the days."""
    extract_channel_counts(warehouse, SiriusClient(url), attempt("sirius", days, at))


def query(warehouse: Engine, statement: str, **values: object) -> list[Row[Any]]:
    """Rows of a statement on the warehouse."""
    with connected(warehouse) as connection:
        return list(connection.execute(text(statement), values))


def ledger(warehouse: Engine, source: str) -> dict[date, Row[Any]]:
    """What the ledger says of a source, by day."""
    rows = query(
        warehouse,
        "SELECT * FROM perf.source_deliveries WHERE service = :service AND source_name = :source ORDER BY report_date",
        service=SERVICE,
        source=source,
    )
    return {row.report_date: row for row in rows}


def quarantine(warehouse: Engine) -> dict[str, str]:
    """Why each row that is in quarantine now is there, by its place in the source."""
    rows = query(warehouse, "SELECT row_ref, reason FROM perf.quarantined_rows WHERE resolved_at IS NULL")
    return {row.row_ref: row.reason for row in rows}
