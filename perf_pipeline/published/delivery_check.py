"""The last step of a run: did every source deliver? It fails the run without having held anything back."""

from datetime import date
from pathlib import Path

import dagster as dg

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.metrics import indicator_of
from perf_pipeline.orchestration.dagster_private import mark_days_failed
from perf_pipeline.orchestration.failures import failures_told_apart
from perf_pipeline.orchestration.flow_assets import day_range
from perf_pipeline.published.release_asset import release
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

MOST_DAYS_MARKED = 62
"""Marking a day takes Dagster some milliseconds for each asset; of a long range the newest days are marked."""


_SQL = Path(__file__).parent / "sql"


@dg.asset_check(
    asset=release,
    blocking=True,
    description="Protects from a source that is down and nobody noticing: the figures of the others are published.",
)
def every_source_delivered(
    context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]
) -> dg.AssetCheckResult:
    """Fail when a source could not be read in this run, and show the days that it left without data as failed."""
    days = day_range(context)
    run_id = context.op_execution_context.run_id
    with failures_told_apart(), connected(systems.warehouse) as connection:
        bounds = {"first_day": days.first, "last_day": days.last}
        failed = run_sql(connection, _SQL / "failed_deliveries.sql", run_id=run_id, **bounds).all()
    marked: dict[str, set[date]] = {}
    for row in failed:
        for asset in assets_without_data(indicator_of(row.source_name), is_unknown=row.is_unknown):
            if len(marked.setdefault(asset, set())) < MOST_DAYS_MARKED:
                marked[asset].add(row.report_date)
    for asset, asset_days in marked.items():
        mark_days_failed(context, asset, sorted(asset_days))
    causes = sorted({f"{row.service}, {row.source_name}: {row.failure}" for row in failed})
    return dg.AssetCheckResult(
        passed=not failed,
        description="\n".join(causes) or f"Every source was read for {days}.",
        metadata={"failed_days": len({row.report_date for row in failed})},
    )


def assets_without_data(indicator: str, *, is_unknown: bool) -> list[str]:
    """The assets that lack a day: the extract, and what comes of it where no earlier delivery stands in."""
    chain = [name for name, dataset in DATASETS.items() if dataset.indicator == indicator]
    extracted = [name for name in chain if name.startswith("extracted_")]
    return chain if is_unknown else extracted
