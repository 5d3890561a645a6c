"""What a nightly run builds. One pure function decides; the schedule, the command and `status` all ask it.

Dagster's own marks play no part: they are lost when a run dies. What counts is what the warehouse holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.catalogue.windows import COHORT_DAYS, TRAILING_DAYS
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class KnownDay:
    """What the warehouse knows of a day, over all services and sources."""

    sources_asked: frozenset[tuple[str, str]]
    """Pairs of service and source."""
    has_failure: bool = False
    is_waiting: bool = False
    is_provisional: bool = False
    is_unreleased: bool = False
    """Whether the run that asked last broke off, or was stopped by a check, before the figures were out."""
    has_failed_check: bool = False
    is_unchecked: bool = False
    sources_unset: frozenset[tuple[str, str]] = frozenset()
    """Of the pairs, those whose address was not set."""


def plan(
    known: Mapping[date, KnownDay],
    sources: frozenset[tuple[str, str]],
    days: DayRange,
    available: frozenset[tuple[str, str]] = frozenset(),
) -> dict[date, str]:
    """The days of `days` to build, each with the reason, in order.

    `sources` are the pairs that every day needs, `available` those of them whose address is set now.
    """
    again = _built_again(days.last)
    reasons = {day: _reason(known.get(day), sources, available) or again.get(day) for day in days}
    return {day: reason for day, reason in reasons.items() if reason}


def _built_again(newest: date) -> dict[date, str]:
    """Days that are built again whatever is known of them. Settling days are two, so that one night may be missed."""
    trailing = (newest - timedelta(days=age) for age in range(TRAILING_DAYS))
    settling = (newest - timedelta(days=age) for age in (COHORT_DAYS - 1, COHORT_DAYS))
    return dict.fromkeys(settling, "the types of its applications settle") | dict.fromkeys(
        trailing, "its sources may still add to it"
    )


def _reason(
    known: KnownDay | None,
    sources: frozenset[tuple[str, str]],
    available: frozenset[tuple[str, str]],
) -> str | None:
    if known is None or not sources <= known.sources_asked:
        return "not built yet"
    if known.sources_unset & available:
        return "a source is set that was not when it was built"
    if known.is_unreleased:
        return "its last run ended before its figures were published"
    if known.has_failure:
        return "a source could not be read"
    if known.is_waiting:
        return "a source had not delivered it"
    if known.has_failed_check:
        return "a check failed on it"
    if known.is_unchecked:
        return "nothing has checked it since it was built"
    if known.is_provisional:
        return "its figures are provisional"
    return None


def night_plan(warehouse: Engine, services: Services, settings: Settings, days: DayRange) -> dict[date, str]:
    """The days of `days` that a nightly run builds now, each with the reason."""
    known, available = known_days(warehouse, days), available_sources(services, settings)
    return plan(known, sources_of(services), days, available)


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


def known_days(warehouse: Engine, days: DayRange) -> dict[date, KnownDay]:
    """What the warehouse knows of the days."""
    bounds = {"first_day": days.first, "last_day": days.last}
    monthly = [name for name, dataset in DATASETS.items() if dataset.stage is Stage.MONTHLY_METRICS]
    with connected(warehouse) as connection:
        provisional = set(run_sql(connection, _SQL / "provisional_days.sql", **bounds).scalars())
        failed, unchecked = (
            set(run_sql(connection, _SQL / file, monthly_datasets=monthly, **bounds).scalars())
            for file in ("failed_days.sql", "unchecked_days.sql")
        )
        return {
            row.report_date: KnownDay(
                _pairs(row.asked),
                has_failure=row.has_failure,
                is_waiting=row.is_waiting,
                is_provisional=row.report_date in provisional,
                is_unreleased=row.is_unreleased,
                has_failed_check=row.report_date in failed,
                is_unchecked=row.report_date in unchecked,
                sources_unset=_pairs(row.unset),
            )
            for row in run_sql(connection, _SQL / "known_days.sql", **bounds)
        }


def _pairs(asked: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((service, source) for service, source in asked)
