"""The last step of a run checks that every day passed. It fails the run. Good days are published all the same."""

from collections import defaultdict
from datetime import date

import dagster as dg

from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange, month_start
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.flow.dagster_private import mark_days_failed
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.quality.failing import Failed, causes_of_days, failed_verdicts
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected

MOST_DAYS_MARKED = 62
"""Dagster needs some milliseconds to mark a day of an asset, so of a long range only the newest days are marked."""


def every_day_passed() -> dg.AssetChecksDefinition:
    """The check on `release`."""

    @dg.asset_check(
        asset="release",
        name="every_day_passed",
        blocking=True,
        description="Fails when a day did not pass its checks. Good days are published all the same.",
    )
    def check(context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.AssetCheckResult:
        days, run = day_range(context), context.op_execution_context
        with classify_failures(), connected(systems.warehouse) as connection:
            causes = causes_of_days(connection, systems.services, days, run.run_id)
            marked = failed_days(failed_verdicts(connection, systems.services, days, run.run_id), days)
        for asset, asset_days in marked.items():
            mark_days_failed(context, asset, sorted(asset_days)[-MOST_DAYS_MARKED:])
        return dg.AssetCheckResult(
            passed=not causes,
            description="\n".join(map(str, causes)) or f"Every day of {days} passed.",
            metadata={"failed_days": len({day for cause in causes for day in cause.days})},
        )

    return check


def failed_days(failed: list[Failed], days: DayRange) -> dict[str, set[date]]:
    """The assets to show as failed, with their days: those that did not pass, and those not published because of them."""
    marked: dict[str, set[date]] = defaultdict(set)
    for row in failed:
        entry = DATASETS[row.dataset]
        concerned = (
            {day for day in days if month_start(day) == row.period_start} if entry.is_monthly else {row.period_start}
        )
        inside = {day for day in concerned if day in days}
        marked[row.dataset] |= inside
        if entry.indicator and row.severity == Severity.BLOCKING.value and entry.stage is not Stage.EXTRACTED:
            marked[INDICATORS[entry.indicator].published_dataset] |= inside
    return {asset: asset_days for asset, asset_days in marked.items() if asset_days}
