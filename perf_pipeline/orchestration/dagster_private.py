"""The one place that uses names Dagster does not promise to keep; a test fails when they change."""

from collections.abc import Iterable
from datetime import date

import dagster as dg
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent


def mark_days_failed(context: dg.AssetCheckExecutionContext, asset: str, days: Iterable[date]) -> None:
    """Show days of an asset as failed in Dagit, once the run ends as a failure.

    An asset that ran has materialised every day of its range, the days without data too. A day that is planned again
    and not materialised by the time the run fails is shown as failed, and only that day.
    """
    run = context.op_execution_context
    for day in days:
        run.instance.report_dagster_event(
            DagsterEvent.build_asset_materialization_planned_event(
                run.job_name,
                asset,
                AssetMaterializationPlannedData(dg.AssetKey(asset), partition=day.isoformat()),
            ),
            run_id=run.run_id,
        )
