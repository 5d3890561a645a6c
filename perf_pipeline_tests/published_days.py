"""Daily figures without the stages that make them, and publishing them: for tests of what becomes of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import insert, text

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange, month_end
from perf_pipeline.flow.flow_asset import FlowAsset
from perf_pipeline.flow.partitions import reporting_days
from perf_pipeline.monthly_metrics.digital_take_up import monthly_digital_take_up
from perf_pipeline.monthly_metrics.user_satisfaction import monthly_user_satisfaction
from perf_pipeline.orchestration.jobs import range_tags
from perf_pipeline.published import release_asset
from perf_pipeline.published.digital_take_up import DIGITAL_TAKE_UP
from perf_pipeline.published.user_satisfaction import USER_SATISFACTION
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.passing import let_pass

SATISFACTION = [monthly_user_satisfaction, USER_SATISFACTION.asset()]
TAKE_UP = [monthly_digital_take_up, DIGITAL_TAKE_UP.asset()]
PARTITIONS = reporting_days(date(2021, 1, 1))
MARCH, APRIL, MAY = (DayRange(date(2026, month, 1), month_end(date(2026, month, 1))) for month in (3, 4, 5))
NOTE_RELEASED = Path(release_asset.__file__).parent / "sql" / "note_released.sql"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
Figures = dict[tuple[str, str], Any]


def publish(systems: Systems, assets: list[FlowAsset], days: DayRange) -> None:
    """Run the assets on the days; months pass their checks, and what is published counts as released."""
    for asset in assets:
        result = dg.materialize(
            [asset.declare(PARTITIONS)], resources={"systems": systems}, tags=range_tags(days), run_config=QUIET
        )
        assert result.success
        let_pass(systems.warehouse, *(name for name in CHECKED if name == asset.name))
        with transaction(systems.warehouse) as connection:
            run_sql(connection, NOTE_RELEASED, now=systems.clock(), run_id=result.run_id)


def without_source(systems: Systems, source: str) -> Systems:
    """The systems as they are when nobody has set the address of a source."""
    return replace(systems, addresses={key: at for key, at in systems.addresses.items() if key[1] != source})


def put_ratings(systems: Systems, days: Iterable[date], **changes: object) -> None:
    """Daily figures without a percentage: what is tested here does not look at it."""
    row = dict(zip(RATING_COUNTS, (6, 1, 1, 1, 1), strict=True)) | {
        "service": "make-a-lpa",
        "source": "done-page",
        "responses_count": 10,
        "headline_method": "weighted_mean",
        "is_provisional": False,
        "is_estimated": False,
    }
    put(systems, "daily_user_satisfaction", [row | {"report_date": day} | changes for day in days])


def put_channels(systems: Systems, days: Iterable[date], **changes: object) -> None:
    """Daily channel counts of all types together."""
    row = dict.fromkeys(CHANNEL_COUNTS, 0) | {
        "service": "make-a-lpa",
        "lpa_type": "all",
        "online_count": 4,
        "paper_count": 2,
        "total_count": 6,
        "is_provisional": False,
        "is_estimated": False,
    }
    put(systems, "daily_digital_take_up", [row | {"report_date": day} | changes for day in days])


def put(systems: Systems, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows; days that are checked pass."""
    with transaction(systems.warehouse) as connection:
        connection.execute(insert(TABLES[table]), rows)
    if table in CHECKED:
        let_pass(systems.warehouse, table)


def in_force(systems: Systems, indicator: str, column: str) -> Figures:
    """A column of the published figures in force, by first day and length of the period."""
    query = text(
        f"SELECT period_start, period, {column} FROM perf.published_{indicator}"
        " WHERE superseded_at IS NULL ORDER BY period, period_start"
    )
    with transaction(systems.warehouse) as connection:
        return {(str(row[0]), row[1]): row[2] for row in connection.execute(query)}


def months_of(figures: Figures) -> dict[str, Any]:
    """Those of months alone, by first day."""
    return {start: value for (start, period), value in figures.items() if period == "month"}
