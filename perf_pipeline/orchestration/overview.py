"""What `perf-pipeline status` tells: what each source delivered, what is in quarantine, what comes next, what is out."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, last_ended_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.orchestration.planning import night_plan
from perf_pipeline.orchestration.resources import open_warehouse
from perf_pipeline.published.release import current_manifest
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.migrating import check_migrated
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def overview(settings: Settings, now: datetime) -> Iterator[str]:
    """Lines for a terminal. Raises WarehouseError when there is no warehouse to tell about."""
    days = DayRange(settings.first_day, last_ended_day(now))
    services = load_services(settings.services_file)
    with open_warehouse(settings) as warehouse:
        check_migrated(warehouse)
        yield f"Reporting days: {days} ({len(days)})"
        yield from _section("Sources", _deliveries(warehouse))
        yield from _section("In quarantine", _quarantine(warehouse))
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
        for row in run_sql(connection, _SQL / "quarantine_overview.sql"):
            newest = f", newest {row.newest}" if row.newest else ""
            yield f"{row.service}, {row.source_name}: {row.rows:,} rows, {row.reason}{newest}"


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
