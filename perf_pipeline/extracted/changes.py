"""What the sources would change of the extract if they were read now: for the nightly plan, which builds just those days.

Each source has its read-only twin of the extraction: the same rows, in the same temporary tables, are compared where they
would be merged. A row that is gone or blank is no change. Nothing here is written, but see `export_changes.settle`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.windows import COHORT_DAYS, COMPARED_DAYS
from perf_pipeline.errors import SettingsError, SourceError
from perf_pipeline.extracted import application_states, in_service_feedback
from perf_pipeline.extracted.export_changes import ExportChanges, changes_by_exports
from perf_pipeline.extracted.staging import staged
from perf_pipeline.sources.feedback_explorer import ExportFile
from perf_pipeline.sources.service_database import reading
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class NotCompared:
    """A source that could not be read, so that nobody knows whether it has changed a day."""

    service: str
    source_name: str
    why: str

    def __str__(self) -> str:
        return f"{self.service}, {self.source_name}: {self.why}"


@dataclass(frozen=True)
class Comparison:
    """How the sources differ from the extract."""

    changed: Mapping[date, frozenset[str]] = field(default_factory=dict)
    """By day, the names of the sources that have changed it."""
    not_compared: tuple[NotCompared, ...] = ()
    settled: tuple[ExportFile, ...] = ()
    """Export files that were opened and say nothing new."""


def compare_with_sources(systems: Systems, days: DayRange, planned: Collection[date]) -> Comparison:
    """Compare every source that is set with the extract, over its window of `days`.

    `planned` are days that are built anyway: where only those could be named, a source is left in peace.
    """
    changed: defaultdict[date, set[str]] = defaultdict(set)
    not_compared: list[NotCompared] = []
    settled: list[ExportFile] = []
    for source, services in _sources(systems):
        systems.progress(f"comparing {source}")
        try:
            found = _changes(systems, source, services, days, set(planned))
        except (SourceError, SettingsError) as error:
            not_compared += [NotCompared(service.slug, source, str(error)) for service in services]
            continue
        settled += found.settled
        for day in found.days:
            if day in days:
                changed[day].add(source)
    return Comparison({day: frozenset(names) for day, names in changed.items()}, tuple(not_compared), tuple(settled))


def _sources(systems: Systems) -> Iterator[tuple[str, list[Service]]]:
    """Each source that is set with the services to ask it for; the exports are one source for all their pages."""
    rated = systems.services.publishing("user-satisfaction")
    pages = [service for service in rated if "done-page" in service.feedback_sources and service.sources.done_page]
    if systems.exports_dir is not None and pages:
        yield "done-page", pages
    for service in rated:
        if "in-service" in service.feedback_sources and _url(systems, service, "in-service"):
            yield "in-service", [service]
    for service in systems.services.publishing("completion-rate"):
        if _url(systems, service, "applications"):
            yield "applications", [service]
    if systems.sirius is not None:
        for service in systems.services.publishing("digital-take-up"):
            yield "sirius", [service]


def _changes(
    systems: Systems, source: str, services: list[Service], days: DayRange, planned: set[date]
) -> ExportChanges:
    if source == "done-page":
        return _by_exports(systems, services, days, planned)
    window = DayRange(max(days.first, days.last - timedelta(days=COMPARED_DAYS[source] - 1)), days.last)
    # An application read on one day may change another, however far back.
    may_change = days if source == "applications" else window
    still_open = [day for day in may_change if day not in planned]
    if not still_open:
        return ExportChanges()
    (service,) = services
    if source == "in-service":
        return ExportChanges(_by_feedback(systems, service, DayRange(still_open[0], still_open[-1])))
    if source == "sirius":
        return ExportChanges(_by_channel_counts(systems, service, DayRange(still_open[0], still_open[-1])))
    return ExportChanges(_by_applications(systems, service, window, days, planned))


def _by_exports(systems: Systems, services: list[Service], days: DayRange, planned: set[date]) -> ExportChanges:
    if systems.exports_dir is None or planned.issuperset(days):
        return ExportChanges()
    slugs = {service.slug: service.sources.done_page.slug for service in services if service.sources.done_page}
    return changes_by_exports(systems.warehouse, systems.exports_dir, slugs)


def _by_feedback(systems: Systems, service: Service, window: DayRange) -> frozenset[date]:
    with reading(_url(systems, service, "in-service")) as source, transaction(systems.warehouse) as connection:
        rows = source.stream("feedback_rows", window)
        with staged(connection, "staged_feedback", in_service_feedback.STAGED, rows):
            found = run_sql(connection, _SQL / "changed_by_feedback.sql", service=service.slug, timezone=TIMEZONE)
            return frozenset(row.report_date for row in found)


def _by_applications(
    systems: Systems, service: Service, window: DayRange, days: DayRange, planned: set[date]
) -> frozenset[date]:
    with reading(_url(systems, service, "applications")) as source, transaction(systems.warehouse) as connection:
        rows = application_states.hashed(source.stream("application_stamps", window), systems.hash_key)
        with staged(connection, "staged_applications", application_states.STAGED, rows):
            found = run_sql(
                connection,
                _SQL / "changed_by_applications.sql",
                service=service.slug,
                timezone=TIMEZONE,
                now=systems.clock(),
                settled_days=COHORT_DAYS,
                planned_days=sorted(planned),
                first_day=days.first,
                last_day=days.last,
            )
            return frozenset(row.report_date for row in found)


def _by_channel_counts(systems: Systems, service: Service, window: DayRange) -> frozenset[date]:
    if systems.sirius is None:
        raise AssertionError("a source that is not set is not compared")
    delivery = systems.sirius.channel_counts(window.first, window.last)
    with connected(systems.warehouse) as connection:
        rows = run_sql(
            connection,
            _SQL / "channel_counts_in_force.sql",
            service=service.slug,
            first_day=window.first,
            last_day=window.last,
        )
        held = {(row.report_date, row.lpa_type): tuple(getattr(row, name) for name in _COMPARED) for row in rows}
    return frozenset(
        row.report_date
        for row in delivery.rows
        if held.get((row.report_date, row.lpa_type)) != tuple(getattr(row, name) for name in _COMPARED)
    )


_COMPARED = (*TAKE_UP_COUNTS, "is_final")


def _url(systems: Systems, service: Service, source: str) -> str:
    """The address of a service's own database; empty where it is not set."""
    where = service.sources.in_service if source == "in-service" else service.sources.applications
    return (systems.service_database_urls.get(where.database) if where else None) or ""
