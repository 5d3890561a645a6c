"""The assets that judge what a run has built: after the daily tables, and after the monthly ones."""

from pathlib import Path

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.flow.flow_asset import LEAVES_CHECKS_OUT, AssetReport, Metadata, flow_asset
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.flow.tables import as_table
from perf_pipeline.quality.checks import show_verdicts
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
    """The verdicts on the extracts and on the daily tables: whether each day has passed each of its checks.

    A day that does not pass is held back from months and files. The checks of each asset are on its page *Checks*.
    """
    return judge_and_show(context, systems, JUDGED_DAILY)


@flow_asset(deps=JUDGED_MONTHLY, dataset="verdicts")
def monthly_verdicts(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """The verdicts on the months that a run has summed again: whether each month is the sum of its days, and likely."""
    return judge_and_show(context, systems, JUDGED_MONTHLY)


def judge_and_show(context: dg.AssetExecutionContext, systems: Systems, datasets: tuple[str, ...]) -> AssetReport:
    """Judge the days of a run. A run that leaves Dagster's checks out shows the results of the checks here."""
    days = day_range(context)
    report = judge_all(systems, datasets, days, context.run.run_id)
    if LEAVES_CHECKS_OUT in context.run.tags:
        for dataset in datasets:
            show_verdicts(context.op_execution_context, systems, dataset, days)
    return report


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
        metadata["failed"] = as_table(failed.tail(_SHOWN))
    return AssetReport(per_day, metadata)
