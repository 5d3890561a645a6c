"""What `perf-pipeline status` tells: deliveries, the quarantine, what the checks found, what comes next, what is out."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.metrics import SOURCES
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, last_ended_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.extracted.quarantine_counts import quarantined
from perf_pipeline.orchestration.planning import night_plan
from perf_pipeline.orchestration.resources import open_warehouse
from perf_pipeline.published.release import current_manifest
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.migrating import check_migrated
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_WARNED_DAYS = 30


def overview(settings: Settings, now: datetime) -> Iterator[str]:
    """Lines for a terminal. Raises WarehouseError when there is no warehouse to tell about."""
    days = DayRange(settings.first_day, last_ended_day(now))
    services = load_services(settings.services_file)
    with open_warehouse(settings) as warehouse:
        check_migrated(warehouse)
        yield f"Reporting days: {days} ({len(days)})"
        yield from _section("Sources", _deliveries(warehouse))
        yield from _section("In quarantine", _quarantine(warehouse))
        yield from _section("Verdicts: days that did not pass", _failed_checks(warehouse))
        yield from _section(f"Warnings in the last {_WARNED_DAYS} days", _warnings(warehouse, days.last))
        planned = night_plan(warehouse, services, settings, days)
        yield from _section(f"The next nightly run builds {len(planned)} days", _planned(planned))
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


def _planned(planned: dict[date, str]) -> Iterator[str]:
    for reason, days in groupby(sorted(planned, key=lambda day: (planned[day], day)), key=planned.__getitem__):
        for days_of_reason in as_ranges(set(days)):
            yield f"{days_of_reason}: {reason}"


def _published(publish_dir: Path) -> Iterator[str]:
    manifest = current_manifest(publish_dir)
    if manifest is not None:
        files = manifest["files"]
        count = len(files) if isinstance(files, list) else 0
        yield f"release {manifest['release_id']}, {count} files, in {publish_dir}"
