"""Reads one source of one service and records how the reading ended. Transient failures are retried, permanent ones not."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import dagster as dg
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.sources import Source
from perf_pipeline.errors import PermanentSourceError, SettingsError, SourceError, TransientSourceError
from perf_pipeline.extracted.applications.extract import extract_applications
from perf_pipeline.extracted.days_to_read import days_of_range, nightly_days
from perf_pipeline.extracted.done_page.extract import extract_done_page
from perf_pipeline.extracted.in_service.extract import extract_in_service
from perf_pipeline.extracted.readers.row_faults import is_about_rows, row_fault
from perf_pipeline.extracted.readings import Merged, Reading, record_failure, record_success
from perf_pipeline.extracted.sirius.extract import extract_channel_counts
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction

Extractor = Callable[[Reading], Merged]
"""Reads the days of a reading and merges them in one transaction. Raises SourceError."""

EXTRACTORS: Mapping[str, Extractor] = {
    "done-page": extract_done_page,
    "in-service": extract_in_service,
    "applications": extract_applications,
    "sirius": extract_channel_counts,
}
TRIES = 3
FIRST_WAIT_SECONDS = 1.0

_log = dg.get_dagster_logger("perf_pipeline")


def read_source(
    systems: Systems, service: Service, source: Source, days: DayRange | None, run_id: str
) -> frozenset[date]:
    """Read `days`, or the days that are due, of a source of a service. Returns the days that changed.

    Errors of the source are recorded and not raised. Errors of the warehouse are raised.
    """
    address = systems.address(service.slug, source.name)
    everything = DayRange(systems.first_day, max(systems.first_day, systems.clock().date()))
    deadline = systems.source_bounds.deadline()
    whole = Reading(systems, service, source, address or "", days or everything, systems.clock(), run_id, deadline)
    if address is None:
        _record_failure(whole, outcome="unset")
        return frozenset()
    changed: frozenset[date] = frozenset()
    try:
        with connected(systems.warehouse) as connection:
            ranges = (
                nightly_days(connection, systems, service, source)
                if days is None
                else days_of_range(connection, systems, service, source, days)
            )
        if not ranges:
            return frozenset()
        whole = replace(whole, days=DayRange(ranges[0].first, ranges[-1].last))
        complete_up_to: date | None = None
        for part in ranges:
            merged = _tried(replace(whole, days=part))
            changed |= merged.changed
            complete_up_to = merged.complete_up_to
    except (SourceError, SettingsError) as error:
        # Some settings, such as AWS credentials, are only found wrong when they are used.
        _log.error("%s, source %s, %s: %s", service.slug, source.name, whole.days, error)
        _record_failure(whole, failure=str(error))
        return changed
    with transaction(systems.warehouse) as connection:
        record_success(connection, whole, complete_up_to)
    return changed


def _tried(reading: Reading) -> Merged:
    for waited in range(TRIES - 1):
        try:
            return _read_once(reading)
        except TransientSourceError:
            wait = FIRST_WAIT_SECONDS * 2**waited
            if reading.source.retries_itself or reading.deadline.seconds_left < wait:
                raise
            time.sleep(wait)
    return _read_once(reading)


def _read_once(reading: Reading) -> Merged:
    """Read and merge once. Rows that our tables reject are a fault of the source, because we do not validate each row."""
    try:
        return EXTRACTORS[reading.source.name](reading)
    except DBAPIError as error:
        if reading.source.kind != "postgres" or not is_about_rows(error):
            raise
        raise PermanentSourceError(
            f"The rows of {reading.service.slug}, {reading.source.name} can't be used: {row_fault(error)}.",
            next_step="show the rows to the source's team; once they are corrected, perf-pipeline nightly reads them.",
        ) from None


def _record_failure(reading: Reading, *, outcome: str = "failed", failure: str | None = None) -> None:
    with transaction(reading.systems.warehouse) as connection:
        record_failure(connection, reading, outcome=outcome, failure=failure)
