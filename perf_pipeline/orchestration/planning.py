"""What a nightly run builds. One pure function decides; the schedule, the command and `status` all ask it.

Dagster's own marks play no part: they are lost when a run dies. What counts is what the warehouse holds, and what the
sources say otherwise (docs/decisions/0011).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.methods import method_in_force
from perf_pipeline.catalogue.reporting_days import ONE_DAY, TIMEZONE, DayRange
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.catalogue.windows import SIRIUS_REVISION_DAYS
from perf_pipeline.extracted.changes import Comparison, NotCompared, compare_with_sources
from perf_pipeline.extracted.export_changes import settle
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_NOTHING_CHANGED: Mapping[date, frozenset[str]] = {}


@dataclass(frozen=True)
class KnownDay:
    """What the warehouse knows of a day, over all services and sources."""

    sources_asked: frozenset[tuple[str, str]]
    """Pairs of service and source."""
    has_failure: bool = False
    is_waiting: bool = False
    is_unreleased: bool = False
    """Whether the run that asked last broke off, or was stopped by a check, before the figures were out."""
    has_failed_check: bool = False
    is_unchecked: bool = False
    has_other_method: bool = False
    """Whether its headline was made by another method than the one in force now."""
    finished_from: date | None = None
    """The first day on which building it once more takes a provisional mark from it; None where that won't help."""
    sources_unset: frozenset[tuple[str, str]] = frozenset()
    """Of the pairs, those whose address was not set."""


@dataclass(frozen=True)
class NightPlan:
    """What a nightly run builds: days with the reason of each, in order, and the sources that could not be looked at."""

    reasons: Mapping[date, str] = field(default_factory=dict)
    not_compared: tuple[NotCompared, ...] = ()

    @property
    def causes(self) -> list[Cause]:
        """Why the plan may lack days, for people."""
        return [
            Cause(
                f"{source.service}, {source.source_name}",
                (),
                f"what it has changed could not be looked for. {source.why}",
                "run perf-pipeline nightly again once it is up; it compares the same days.",
            )
            for source in self.not_compared
        ]


def plan(
    known: Mapping[date, KnownDay],
    sources: frozenset[tuple[str, str]],
    days: DayRange,
    available: frozenset[tuple[str, str]] = frozenset(),
    changed: Mapping[date, frozenset[str]] = _NOTHING_CHANGED,
) -> dict[date, str]:
    """The days of `days` to build on the day after their last, each with the reason, in order.

    `sources` are the pairs that every day needs, `available` those of them whose address is set now. `changed` names, by
    day, the sources that say something else than what is held.
    """
    today = days.last + ONE_DAY
    reasons = {day: _reason(known.get(day), sources, available, changed.get(day), today) for day in days}
    return {day: reason for day, reason in reasons.items() if reason}


def _reason(
    known: KnownDay | None,
    sources: frozenset[tuple[str, str]],
    available: frozenset[tuple[str, str]],
    changed: frozenset[str] | None,
    today: date,
) -> str | None:
    if known is None or not sources <= known.sources_asked:
        return "not built yet"
    is_due = known.finished_from is not None and known.finished_from <= today
    reasons = {
        "a source is set that was not when it was built": bool(known.sources_unset & available),
        "its last run ended before its figures were published": known.is_unreleased,
        "a source could not be read": known.has_failure,
        "a source had not delivered it": known.is_waiting,
        "a check failed on it": known.has_failed_check,
        "nothing has checked it since it was built": known.is_unchecked,
        "its method has changed": known.has_other_method,
        f"changed by {' and '.join(sorted(changed or ()))} since it was built": bool(changed),
        "its figures become final": is_due,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def night_plan(systems: Systems, settings: Settings, days: DayRange, *, remembers: bool = True) -> NightPlan:
    """What a nightly run builds now of `days`; the sources are asked what has changed.

    With `remembers`, export files that say nothing new are left closed from now on.
    """
    needed, available = sources_of(systems.services), available_sources(systems.services, settings)
    known = known_days(systems.warehouse, days, needed)
    comparison = compare_with_sources(systems, days, plan(known, needed, days, available))
    if remembers:
        settle(systems.warehouse, comparison.settled, systems.clock())
    return _planned(known, needed, days, available, comparison)


def plan_by_warehouse(warehouse: Engine, services: Services, settings: Settings, days: DayRange) -> NightPlan:
    """The same without asking the sources: days that they alone have changed are not in it."""
    needed = sources_of(services)
    known = known_days(warehouse, days, needed)
    return _planned(known, needed, days, available_sources(services, settings), Comparison())


def _planned(
    known: Mapping[date, KnownDay],
    needed: frozenset[tuple[str, str]],
    days: DayRange,
    available: frozenset[tuple[str, str]],
    comparison: Comparison,
) -> NightPlan:
    return NightPlan(plan(known, needed, days, available, comparison.changed), comparison.not_compared)


def available_sources(services: Services, settings: Settings) -> frozenset[tuple[str, str]]:
    """Of `sources_of`, the pairs whose address is set, or stood in."""
    return frozenset(
        (slug, source) for slug, source in sources_of(services) if _is_set(services[slug], source, settings)
    )


def _is_set(service: Service, source: str, settings: Settings) -> bool:
    if settings.is_embedded:
        return True
    if source == "done-page":
        return settings.feedback_exports_dir is not None
    if source == "sirius":
        return settings.sirius_url is not None
    where = service.sources.in_service if source == "in-service" else service.sources.applications
    return where is not None and settings.database_url_named(where.database) is not None


def sources_of(services: Services) -> frozenset[tuple[str, str]]:
    """The pairs of service and source that deliver every day."""
    return frozenset(
        (service.slug, source)
        for service in services
        for indicator in service.indicators
        for source in service.sources_of(indicator)
    )


def known_days(warehouse: Engine, days: DayRange, needed: frozenset[tuple[str, str]]) -> dict[date, KnownDay]:
    """What the warehouse knows of the days, over the pairs of service and source that are needed."""
    bounds = {"first_day": days.first, "last_day": days.last}
    monthly = [name for name, dataset in DATASETS.items() if dataset.stage is Stage.MONTHLY_METRICS]
    pairs = [" ".join(pair) for pair in needed]
    with connected(warehouse) as connection:
        failed, unchecked = (
            set(run_sql(connection, _SQL / file, monthly_datasets=monthly, **bounds).scalars())
            for file in ("failed_days.sql", "unchecked_days.sql")
        )
        of_another_method, finished_from = _of_another_method(connection, days), _finished_from(connection, days)
        return {
            row.report_date: KnownDay(
                _pairs(row.asked),
                has_failure=row.has_failure,
                is_waiting=row.is_waiting,
                is_unreleased=row.is_unreleased,
                has_failed_check=row.report_date in failed,
                is_unchecked=row.report_date in unchecked,
                has_other_method=row.report_date in of_another_method,
                finished_from=finished_from.get(row.report_date),
                sources_unset=_pairs(row.unset),
            )
            for row in run_sql(connection, _SQL / "known_days.sql", needed=pairs, **bounds)
        }


def _of_another_method(connection: Connection, days: DayRange) -> set[date]:
    rows = run_sql(connection, _SQL / "headline_methods.sql", first_day=days.first, last_day=days.last)
    return {row.report_date for row in rows if row.headline_method != method_in_force(row.report_date).id}


def _finished_from(connection: Connection, days: DayRange) -> dict[date, date]:
    rows = run_sql(
        connection,
        _SQL / "days_to_finish.sql",
        first_day=days.first,
        last_day=days.last,
        timezone=TIMEZONE,
        revision_days=SIRIUS_REVISION_DAYS,
    )
    return {row.report_date: row.finished_from for row in rows}


def _pairs(asked: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((service, source) for service, source in asked)
