"""What `perf-pipeline status` tells: deliveries, the quarantine, what the checks found, what comes next, what is out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.metrics import SOURCES
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, last_ended_day
from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.extracted.changes import NotCompared
from perf_pipeline.extracted.quarantine_counts import quarantined
from perf_pipeline.orchestration.planning import NightPlan, night_plan, plan_by_warehouse
from perf_pipeline.orchestration.resources import open_systems, open_warehouse
from perf_pipeline.published.release import current_manifest
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Progress, silent
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.migrating import check_migrated
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_WARNED_DAYS = 30


def overview(settings: Settings, now: datetime, *, progress: Progress = silent) -> Iterator[str]:
    """Lines for a terminal; `progress` is told what is being compared for the plan.

    Raises WarehouseError when there is no warehouse to tell about.
    """
    days = DayRange(settings.first_day, last_ended_day(now))
    services = load_services(settings.services_file)
    with open_warehouse(settings) as warehouse:
        check_migrated(warehouse)
        yield f"Reporting days: {days} ({len(days)})"
        yield from _section("Sources", _deliveries(warehouse))
        yield from _section("In quarantine", _quarantine(warehouse))
        yield from _section("Verdicts: days that did not pass", _failed_checks(warehouse))
        yield from _section(f"Warnings in the last {_WARNED_DAYS} days", _warnings(warehouse, days.last))
        planned = plan_by_warehouse(warehouse, services, settings, days)
        if not all(day in planned.reasons for day in days):
            planned = _plan_with_sources(settings, days, planned, progress)
        count = len(planned.reasons)
        yield from _section(f"The next nightly run builds {count} day{'' if count == 1 else 's'}", _planned(planned))
        if any(service.approval == "required" for service in services):
            yield from _section("Waiting for approval", _unapproved(warehouse, services))
    yield from _section("Published", _published(Path(settings.publish_dir).resolve()))


def _section(heading: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield heading
    found = False
    for line in lines:
        found = True
        yield f"  {line}"
    if not found:
        yield "  nothing"


def _deliveries(warehouse: Engine) -> Iterator[str]:
    with connected(warehouse) as connection:
        for row in run_sql(connection, _SQL / "delivery_overview.sql"):
            reason = f": {row.failure}" if row.outcome == "failed" else ""
            yield (f"{row.service}, {row.source_name}: {row.outcome} on {row.days:,} days, newest {row.newest}{reason}")


def _quarantine(warehouse: Engine) -> Iterator[str]:
    with connected(warehouse) as connection:
        for found in quarantined(connection, SOURCES):
            rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
            yield f"{found.service}, {found.source}: {rows}, {found.reason}: {found.days}"


def _failed_checks(warehouse: Engine) -> Iterator[str]:
    """One line for each service, dataset and check, worded as everywhere else where people are told."""
    with connected(warehouse) as connection:
        for row in run_sql(connection, _SQL / "failed_checks.sql"):
            rule = RULES.get(row.dataset, {}).get(row.check_name)
            if rule is not None and rule.is_consequence:
                continue
            yield str(
                Cause(
                    subject=f"{row.service}, {row.dataset}",
                    days=tuple(row.days),
                    found=row.observed or "otherwise",
                    expected=row.expected or "",
                    # A check of an earlier version holds days back all the same.
                    next_step=rule.next_step if rule else "build the days again",
                    check=row.check_name,
                )
            )


def _warnings(warehouse: Engine, newest: date) -> Iterator[str]:
    after = newest - timedelta(days=_WARNED_DAYS)
    with connected(warehouse) as connection:
        for row in run_sql(connection, _SQL / "warnings_by_check.sql", after=after):
            yield f"{row.service}, {row.check_name.replace('_', ' ')}: {row.warnings:,}"


def _plan_with_sources(settings: Settings, days: DayRange, planned: NightPlan, progress: Progress) -> NightPlan:
    """The plan of a nightly run; by the warehouse alone where the systems can't be opened."""
    try:
        with open_systems(settings, progress=progress, in_a_hurry=True) as systems:
            return night_plan(replace(systems, progress=progress), settings, days, remembers=False)
    except PerfPipelineError as error:
        return NightPlan(planned.reasons, (NotCompared("every service", "every source", str(error)),))


def _planned(planned: NightPlan) -> Iterator[str]:
    reasons = planned.reasons
    for reason, days in groupby(sorted(reasons, key=lambda day: (reasons[day], day)), key=reasons.__getitem__):
        for days_of_reason in as_ranges(set(days)):
            yield f"{days_of_reason}: {reason}"
    for source in planned.not_compared:
        yield f"could not be compared: {source}"


def _unapproved(warehouse: Engine, services: Services) -> Iterator[str]:
    with connected(warehouse) as connection:
        for service in services:
            if service.approval == "required":
                built_at = run_sql(connection, _SQL / "waiting_for_approval.sql", service=service.slug).scalar()
                if built_at is not None:
                    yield f"{service.slug}, built at {built_at}: perf-pipeline approve --service {service.slug}"


def _published(publish_dir: Path) -> Iterator[str]:
    manifest = current_manifest(publish_dir)
    if manifest is not None:
        files = manifest["files"]
        count = len(files) if isinstance(files, list) else 0
        yield f"release {manifest['release_id']}, {count} files, in {publish_dir}"
