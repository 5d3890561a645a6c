"""The assets that judge what a run has built: after the daily tables, and after the monthly ones."""

from pathlib import Path

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.flow.flow_asset import AssetReport, Metadata, as_markdown, flow_asset
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.quality.failing import failed_verdicts
from perf_pipeline.quality.judging import judge
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.replacing import analyze
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_SHOWN = 50
MANY_DAYS = 62
"""After so many days were written, the checks' queries need fresh statistics: without them they take minutes."""
JUDGED_MONTHLY = tuple(name for name in CHECKED if DATASETS[name].is_monthly)
JUDGED_DAILY = tuple(name for name in CHECKED if name not in JUDGED_MONTHLY)


@flow_asset(deps=JUDGED_DAILY, dataset="verdicts")
def daily_verdicts(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """On the extracts and what was made of them by day; docs/quality.md explains each check."""
    return judge_all(systems, JUDGED_DAILY, day_range(context), context.run.run_id)


@flow_asset(deps=JUDGED_MONTHLY, dataset="verdicts")
def monthly_verdicts(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """On the months that the run has summed again."""
    return judge_all(systems, JUDGED_MONTHLY, day_range(context), context.run.run_id)


def judge_all(systems: Systems, datasets: tuple[str, ...], days: DayRange, run_id: str) -> AssetReport:
    """Judge the datasets in the order of the flow: the verdict on an extract counts in that on its days."""
    if len(days) > MANY_DAYS:
        analyze(systems.warehouse, (*datasets, "source_deliveries"))
    for dataset in datasets:
        judge(systems, dataset, DATASETS[dataset].touched_by(days), run_id)
    return _report(systems, datasets, days, run_id)


def _report(systems: Systems, datasets: tuple[str, ...], days: DayRange, run_id: str) -> AssetReport:
    """Numbers of verdicts by day, and what failed."""
    values: dict[str, object] = {"datasets": list(datasets), "first_day": days.first, "last_day": days.last}
    with connected(systems.warehouse) as connection:
        counts = run_sql(connection, _SQL / "verdicts_by_day.sql", **values).all()
        failed = pd.DataFrame(failed_verdicts(connection, systems.services, days, run_id, datasets))
    per_day = {
        row.period_start: {"checks_passed": row.passed, "checks_failed": row.failed, "warnings": row.warnings}
        for row in counts
    }
    metadata: dict[str, Metadata] = {"verdicts_that_failed": len(failed)}
    if not failed.empty:
        metadata["failed"] = dg.MetadataValue.md(as_markdown(failed.tail(_SHOWN)))
    return AssetReport(per_day=per_day, metadata=metadata)
