"""Sends one small request to each kind of source, for `perf-pipeline doctor`."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.services import Service
from perf_pipeline.extracted.applications.extract import SQL as APPLICATIONS_SQL
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.extracted.in_service.extract import SQL as IN_SERVICE_SQL
from perf_pipeline.extracted.readers.service_database import reading
from perf_pipeline.systems import Systems

Probe = Callable[[Systems, Service, str], str]
"""Describes the answer of a source at an address. Raises SourceError and SettingsError."""


def _database(systems: Systems, _service: Service, address: str, *, query: Path, rows: str) -> str:
    newest = last_ended_day(systems.clock())
    with reading(address) as source:
        count = sum(1 for _ in source.stream(query, DayRange(newest, newest)))
    return f"{source.address}: {count:,} {rows} on {newest}"


def _exports(_systems: Systems, _service: Service, address: str) -> str:
    files = list_exports(Path(address))
    newest = f", the newest {files[0].name}" if files else ""
    return f"{len(files)} files{newest} in {address}"


def _sirius(systems: Systems, _service: Service, address: str) -> str:
    from perf_pipeline.extracted.sirius.client import SiriusClient

    newest = last_ended_day(systems.clock())
    delivery = SiriusClient(address, auth=systems.sirius_auth).channel_counts(newest, newest)
    return f"data complete up to {delivery.data_complete_up_to}"


PROBES: Mapping[str, Probe] = {
    "done-page": _exports,
    "in-service": partial(_database, query=IN_SERVICE_SQL / "feedback_rows.sql", rows="ratings"),
    "applications": partial(_database, query=APPLICATIONS_SQL / "application_stamps.sql", rows="applications"),
    "sirius": _sirius,
}
