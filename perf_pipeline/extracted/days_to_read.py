"""Which days of a source an extraction reads: its newest days, those it never delivered, and those a failure still owes."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, joined
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.sources import Source
from perf_pipeline.extracted.done_page.changed_files import days_of_changed_files
from perf_pipeline.extracted.retention import frozen_days
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_MOST_READINGS = 4
"""Of one source in one extraction: scattered days are read together with those between them."""


def nightly_days(connection: Connection, systems: Systems, service: Service, source: Source) -> list[DayRange]:
    """The days that a nightly extraction reads of a source of a service, as ranges."""
    known = systems.days_of(service, source.name)
    if known is None:
        return []
    key = {"subject": service.slug, "source_name": source.name}
    reading = run_sql(connection, _SQL / "last_reading.sql", **key).one_or_none()
    owed_from = reading.owed_from if reading else known.first
    if source.window_days is None:
        wanted = days_of_changed_files(connection, systems.addresses[service.slug, source.name], service.slug, known)
        if reading is None or known.first < reading.asked_from:
            owed_from = known.first
    else:
        window = DayRange(max(known.first, known.last - timedelta(days=source.window_days - 1)), known.last)
        missing = run_sql(connection, _SQL / "missing_days.sql", **key, first_day=known.first, last_day=known.last)
        wanted = {*window, *missing.scalars()}
    if owed_from is not None:
        wanted |= {*DayRange(max(known.first, owed_from), known.last)}
    return _readable(connection, service, source, wanted)


def days_of_range(
    connection: Connection, systems: Systems, service: Service, source: Source, days: DayRange
) -> list[DayRange]:
    """The days of a range, asked for by a person, that can be read of a source of a service."""
    known = systems.days_of(service, source.name)
    return _readable(connection, service, source, {day for day in days if known and day in known})


def _readable(connection: Connection, service: Service, source: Source, days: Iterable[date]) -> list[DayRange]:
    """Days as few ranges, without frozen ones: reading those would bring dropped rows back."""
    if source.window_days is None:
        # Files are read together: they are remembered as read, and a second reading would find nothing new in them.
        return joined(as_ranges(days), 1)
    frozen = frozen_days(connection, source).get(service.slug)
    if frozen is None:
        return joined(as_ranges(days), _MOST_READINGS)
    earlier, later = ({day for day in days if day < frozen.first}, {day for day in days if day > frozen.last})
    return [days for side in (earlier, later) for days in joined(as_ranges(side), _MOST_READINGS // 2)]
