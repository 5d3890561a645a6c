"""The only module that uses private names of Dagster. A test fails when they change."""

import time
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster._core.events import (
    AssetMaterializationPlannedData,
    DagsterEvent,
    DagsterEventBatchMetadata,
)
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    PARTITION_NAME_TAG,
    PRIORITY_TAG,
)
from dagster._serdes import ConfigurableClassData

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "BACKFILL_ID_TAG",
    "PARTITION_NAME_TAG",
    "PRIORITY_TAG",
    "ConfigurableClassData",
    "add_metadata_by_day",
    "log_materializations",
    "log_verdict",
    "mark_days_failed",
    "materializations_of",
]


def add_metadata_by_day(context: dg.AssetExecutionContext, by_day: Mapping[date, Mapping[str, Any]]) -> None:
    """What `context.add_asset_metadata` does for one day, for all days of a run at once.

    Dagster copies and checks what it has of every other day for each new one. For 2,000 days this took a second an asset.
    """
    step = context.op_execution_context._step_execution_context
    metadata = dict(step._metadata_accumulator.per_output_metadata)
    for day, numbers in by_day.items():
        metadata[AssetMetadataHandle(asset_key=context.asset_key, partition_key=str(day))] = numbers
    step._metadata_accumulator = OutputMetadataAccumulator(per_output_metadata=metadata)


def log_materializations(context: dg.AssetExecutionContext, by_day: Mapping[date, Mapping[str, Any]]) -> None:
    """What `context.log_event` does for one materialization, for many days: Dagster then stores them in batches."""
    step, batch = context.op_execution_context._step_execution_context, str(uuid4())
    for number, (day, numbers) in enumerate(by_day.items(), start=1):
        materialization = dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=numbers)
        is_end = number == len(by_day)
        DagsterEvent.asset_materialization(step, materialization, DagsterEventBatchMetadata(batch, is_end))


def mark_days_failed(context: dg.AssetCheckExecutionContext, asset: str, days: Iterable[date]) -> None:
    """Show days of an asset as failed in Dagit when the run fails.

    An asset that ran has materialised every day of its range, even days without data. Here the days are planned once more.
    Dagit shows a day as failed when it is planned and not materialised before the run fails.
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


def materializations_of(
    run: dg.OpExecutionContext, asset: str, days: Iterable[date]
) -> Mapping[date, AssetCheckEvaluationTargetMaterializationData]:
    """The newest materialization of each day that has one. It is the `about` of `log_verdict`."""
    stored = run.instance.event_log_storage.get_latest_storage_id_by_partition(
        dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION, {day.isoformat() for day in days}
    )
    return {
        date.fromisoformat(day): AssetCheckEvaluationTargetMaterializationData(
            storage_id=storage_id, run_id=run.run_id, timestamp=time.time()
        )
        for day, storage_id in stored.items()
    }


def log_verdict(
    run: dg.OpExecutionContext,
    check: dg.AssetCheckKey,
    day: date | None,
    *,
    passed: bool,
    severity: dg.AssetCheckSeverity,
    metadata: Mapping[str, dg.MetadataValue],
    about: AssetCheckEvaluationTargetMaterializationData | None,
) -> None:
    """Log the verdict on one day, or on all days of a run together, in the event log.

    Without `about`, Dagit shows no status for the day.
    """
    run.log_event(
        dg.AssetCheckEvaluation(  # type: ignore[arg-type]
            asset_key=check.asset_key,
            check_name=check.name,
            passed=passed,
            severity=severity,
            metadata=metadata,
            partition=day.isoformat() if day else None,
            target_materialization_data=about,
        )
    )
