"""What `perf-pipeline status` shows: readings, the quarantine, what the checks found, what comes next, what is published."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from perf_pipeline.catalogue.checks import RULES, SOURCE_RULES
from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import as_ranges, ended_days
from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.quarantine_counts import quarantined
from perf_pipeline.orchestration.planning import NOT_RELEASED, Plan, plan
from perf_pipeline.orchestration.resources import open_for_planning
from perf_pipeline.published.release import current_manifest
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"
_WARNED_DAYS = 30


def overview(settings: Settings, now: datetime) -> Iterator[str]:
    """Lines for a terminal. No source is opened. Raises WarehouseError when there is no warehouse to report on."""
    days = ended_days(settings.first_day, now)
    services = load_services(settings.services_file)
    with open_for_planning(settings) as systems:
        warehouse = systems.warehouse
        yield f"Reporting days: {days} ({len(days)})"
        yield from _section("Sources", _readings(warehouse, services))
        yield from _section("In quarantine", _quarantine(warehouse))
        yield from _section("Days that rest on a file that is gone", _frozen_files(warehouse))
        yield from _section("Verdicts: what did not pass", _failed_checks(warehouse, services))
        yield from _section(f"Warnings in the last {_WARNED_DAYS} days", _warnings(warehouse, days.last))
        planned = plan(systems, days)
        count = len(planned.reasons)
        yield from _section(f"The next run builds {count} day{'' if count == 1 else 's'}", _planned(planned))
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


def _readings(warehouse: Engine, services: Services) -> Iterator[str]:
    with connected(warehouse) as connection:
        subjects = [service.slug for service in services]
        for row in run_sql(connection, _SQL / "reading_overview.sql", subjects=subjects):
            reason = f": {row.failure}" if row.outcome == "failed" else ""
            newest = f", newest {row.newest}" if row.newest else ""
            yield f"{row.subject}, {row.source_name}: {row.outcome}, {row.days:,} days delivered{newest}{reason}"


def _quarantine(warehouse: Engine) -> Iterator[str]:
    with connected(warehouse) as connection:
        for found in quarantined(connection, list(SOURCES)):
            rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
            yield f"{found.subject}, {found.source}: {rows}, {found.reason}: {found.days}"


def _frozen_files(warehouse: Engine) -> Iterator[str]:
    with connected(warehouse) as connection:
        for row in run_sql(connection, _SQL / "days_of_gone_files.sql"):
            yield f"{row.service}: {row.file_name}: {', '.join(map(str, as_ranges(row.days)))}"


def _failed_checks(warehouse: Engine, services: Services) -> Iterator[str]:
    """One line for each service, dataset and check, in the words of alerts and commands."""
    subjects = [service.slug for service in services]
    with connected(warehouse) as connection:
        for row in run_sql(connection, _SQL / "failed_checks.sql", subjects=subjects):
            rule = SOURCE_RULES.get(row.check_name) or RULES.get(row.dataset, {}).get(row.check_name)
            if rule is not None and rule.is_consequence:
                continue
            yield str(
                Cause(
                    subject=f"{row.subject}, {row.dataset}",
                    days=tuple(row.days),
                    found=row.observed or "",
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
            yield f"{row.subject}, {row.check_name.replace('_', ' ')}: {row.warnings:,}"


def _planned(planned: Plan) -> Iterator[str]:
    reasons = planned.reasons
    for reason, days in groupby(sorted(reasons, key=lambda day: (reasons[day], day)), key=reasons.__getitem__):
        for days_of_reason in as_ranges(days):
            yield f"{days_of_reason}: {reason}"
    for days_of_reason in as_ranges(planned.unreleased):
        yield f"{days_of_reason}: {NOT_RELEASED}"


def _unapproved(warehouse: Engine, services: Services) -> Iterator[str]:
    with connected(warehouse) as connection:
        for service in services:
            if service.approval == "required":
                built_at = _built_since_published(connection, service.slug)
                if built_at is not None:
                    yield f"{service.slug}, built at {built_at}: perf-pipeline approve --service {service.slug}"


def _built_since_published(connection: Connection, service: str) -> datetime | None:
    """When a month of a service was built and passed since its figures were approved. None where none was."""
    built = TABLES["built_periods"].c
    versions = [
        select(func.max(TABLES[name].c.published_at)).where(TABLES[name].c.service == service).scalar_subquery()
        for name in datasets_of(Stage.PUBLISHED)
    ]
    statement = select(func.max(built.built_at)).where(
        built.dataset.in_(list(datasets_of(Stage.MONTHLY_METRICS))),
        built.subject == service,
        built.has_passed,
        built.released_at.is_(None),
        built.built_at > func.coalesce(func.greatest(*versions), text("'-infinity'::timestamptz")),
    )
    return connection.execute(statement).scalar()


def _published(publish_dir: Path) -> Iterator[str]:
    manifest = current_manifest(publish_dir)
    if manifest is not None:
        files = manifest["files"]
        count = len(files) if isinstance(files, list) else 0
        yield f"release {manifest['release_id']}, {count} files, in {publish_dir}"
