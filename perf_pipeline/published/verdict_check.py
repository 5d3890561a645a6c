"""The last step of a run: did every day pass? It fails the run without having held anything back but the bad days."""

from collections import defaultdict
from datetime import date

import dagster as dg
from sqlalchemy import Connection

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, month_start
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.orchestration.dagster_private import mark_days_failed
from perf_pipeline.orchestration.failures import failures_told_apart
from perf_pipeline.orchestration.flow_assets import LEAVES_CHECKS_OUT, day_range
from perf_pipeline.published.release_asset import release
from perf_pipeline.quality.checks import log_days, log_together, shown_verdicts
from perf_pipeline.quality.failing import Failed, causes_of_days, failed_verdicts
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.tables import TABLES

DAYS_SHOWN = 14
MOST_DAYS_MARKED = 62
"""Marking a day takes Dagster some milliseconds for each asset; of a long range the newest days are marked."""


@dg.asset_check(
    asset=release,
    blocking=True,
    description="Protects from a bad day, or a source that is down, and nobody noticing. What is good is published.",
)
def every_day_passed(context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.AssetCheckResult:
    """Fail when a day did not pass its checks, and show just those days as failed."""
    days, run = day_range(context), context.op_execution_context
    with failures_told_apart(), connected(systems.warehouse) as connection:
        causes = causes_of_days(connection, days, run.run_id)
        failed = failed_verdicts(connection, days, run.run_id)
        marked = failed_days(connection, failed, days)
    if run.run.tags.get(LEAVES_CHECKS_OUT):
        for dataset in CHECKED:
            _show_some_days(context, systems, dataset, days, marked.get(dataset, set()))
    for asset, asset_days in marked.items():
        mark_days_failed(context, asset, sorted(asset_days)[-MOST_DAYS_MARKED:])
    return dg.AssetCheckResult(
        passed=not causes,
        description="\n".join(map(str, causes)) or f"Every day of {days} passed.",
        metadata={"failed_days": len({day for cause in causes for day in cause.days})},
    )


def _show_some_days(
    context: dg.AssetCheckExecutionContext, systems: Systems, dataset: str, days: DayRange, failed: set[date]
) -> None:
    """In a run that was too long to show the verdict on every day: on the newest, and on those that failed."""
    newest = DayRange(max(days.first, days.last - ONE_DAY * (DAYS_SHOWN - 1)), days.last)
    shown = {*newest, *sorted(failed)[-MOST_DAYS_MARKED:]}
    by_day = shown_verdicts(systems.warehouse, dataset, DayRange(min(shown), max(shown)))
    log_days(context.op_execution_context, dataset, {day: by_day[day] for day in sorted(shown)}, {})
    log_together(context.op_execution_context, dataset, passed=not failed)


def failed_days(connection: Connection, failed: list[Failed], days: DayRange) -> dict[str, set[date]]:
    """The assets to show as failed, each with its days: what did not pass, and what is not published for it."""
    marked: dict[str, set[date]] = defaultdict(set)
    for row in failed:
        entry = DATASETS[row.dataset]
        is_month = entry.stage is Stage.MONTHLY_METRICS
        concerned = {day for day in days if month_start(day) == row.report_date} if is_month else {row.report_date}
        marked[row.dataset] |= {day for day in concerned if day in days}
        if entry.indicator and row.severity == Severity.BLOCKING.value and entry.stage is not Stage.EXTRACTED:
            marked[METRICS[entry.indicator].published_dataset] |= {day for day in concerned if day in days}
        if entry.indicator and row.severity == Severity.FAILING.value and not _has_rows(connection, row):
            # Nothing of the day was ever known: all that would be made of it is lacking.
            for name, dataset in DATASETS.items():
                if dataset.indicator == entry.indicator and row.report_date in days:
                    marked[name].add(row.report_date)
    return {asset: asset_days for asset, asset_days in marked.items() if asset_days}


def _has_rows(connection: Connection, row: Failed) -> bool:
    """Whether an earlier delivery of the day stands in."""
    ledger = TABLES["source_deliveries"]
    sources = METRICS[DATASETS[row.dataset].indicator or "user-satisfaction"].sources
    statement = ledger.select().where(
        ledger.c.service == row.service,
        ledger.c.source_name.in_(sources),
        ledger.c.report_date == row.report_date,
        ledger.c.delivered_at.is_not(None),
    )
    return connection.execute(statement).first() is not None
