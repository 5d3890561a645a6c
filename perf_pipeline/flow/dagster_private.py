"""The only module that uses private names of Dagster. A test fails when they change."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Materialization,
)
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, StepMaterializationData
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    HIDDEN_TAG_PREFIX,
    PARTITION_NAME_TAG,
    PRIORITY_TAG,
    USER_TAG,
)
from dagster._serdes import ConfigurableClassData, serialize_value

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "BACKFILL_ID_TAG",
    "HIDDEN_TAG_PREFIX",
    "PARTITION_NAME_TAG",
    "PRIORITY_TAG",
    "USER_TAG",
    "ConfigurableClassData",
    "Materialization",
    "add_metadata_by_day",
    "log_evaluations",
    "log_materializations",
    "mark_days_failed",
    "materializations_of",
    "show_on_timeline",
]
_AT_ONCE = 1000
"""Events in one statement."""


def add_metadata_by_day(context: dg.AssetExecutionContext, by_day: Mapping[date, Mapping[str, Any]]) -> None:
    """What `context.add_asset_metadata` does for one day, for all days of a run at once.

    Dagster copies and checks what it has of every other day for each new one. For 2,000 days this took a second an asset.
    """
    step = context.op_execution_context._step_execution_context
    metadata = dict(step._metadata_accumulator.per_output_metadata)
    for day, numbers in by_day.items():
        metadata[AssetMetadataHandle(asset_key=context.asset_key, partition_key=str(day))] = numbers
    step._metadata_accumulator = OutputMetadataAccumulator(per_output_metadata=metadata)


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


def materializations_of(run: dg.OpExecutionContext, asset: str, days: Iterable[date]) -> Mapping[date, Materialization]:
    """The newest materialization of each day that has one: what an evaluation of the day is about."""
    stored = run.instance.event_log_storage.get_latest_storage_id_by_partition(
        dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION, {day.isoformat() for day in days}
    )
    return {
        date.fromisoformat(day): Materialization(storage_id=storage_id, run_id=run.run_id, timestamp=time.time())
        for day, storage_id in stored.items()
    }


def log_materializations(run: dg.OpExecutionContext, events: Sequence[dg.AssetMaterialization]) -> None:
    """Log materializations of one asset. Logging them one by one takes Dagster some milliseconds each."""
    entries = [
        _entry(run, dg.DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)) for event in events
    ]
    for start in range(0, len(entries), _AT_ONCE):
        run.instance.event_log_storage.store_event_batch(entries[start : start + _AT_ONCE])


def log_evaluations(
    run: dg.OpExecutionContext, check: dg.AssetCheckKey, evaluations: Sequence[dg.AssetCheckEvaluation]
) -> None:
    """Log the evaluations of a check: of days, and of the run as a whole if it has no partition.

    Dagster itself writes them one by one, which takes 14 ms each. They replace what this run has planned for the check, so
    that a day of the run without an evaluation is shown as not evaluated. Without a target, Dagit shows no status of a day.
    """
    # They import Alembic, which loading the definitions has no use for.
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

    storage, executions = run.instance.event_log_storage, AssetCheckExecutionsTable
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError("Dagster's event log is in PostgreSQL")
    with storage.index_connection() as connection:
        connection.execute(
            executions.delete().where(
                executions.c.run_id == run.run_id,
                executions.c.asset_key == check.asset_key.to_string(),
                executions.c.check_name == check.name,
            )
        )
        for start in range(0, len(evaluations), _AT_ONCE):
            some = evaluations[start : start + _AT_ONCE]
            entries = [_entry(run, dg.DagsterEventType.ASSET_CHECK_EVALUATION, evaluation) for evaluation in some]
            statement = storage.prepare_insert_event_batch(entries).returning(SqlEventLogStorageTable.c.id)
            stored = connection.execute(statement).scalars().all()
            rows = [_execution(*parts) for parts in zip(some, entries, stored, strict=True)]
            connection.execute(executions.insert().values(rows))


def _execution(evaluation: dg.AssetCheckEvaluation, entry: dg.EventLogEntry, storage_id: int) -> dict[str, object]:
    target = evaluation.target_materialization_data
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "partition": evaluation.partition,
        "run_id": entry.run_id,
        "execution_status": "SUCCEEDED" if evaluation.passed else "FAILED",
        "evaluation_event": serialize_value(entry),
        "evaluation_event_timestamp": datetime.fromtimestamp(entry.timestamp, UTC).replace(tzinfo=None),
        "evaluation_event_storage_id": storage_id,
        "materialization_event_storage_id": target.storage_id if target else None,
    }


def _entry(
    run: dg.OpExecutionContext,
    kind: dg.DagsterEventType,
    data: StepMaterializationData | dg.AssetCheckEvaluation,
) -> dg.EventLogEntry:
    step = run.get_step_execution_context().step
    event = DagsterEvent(
        event_type_value=kind.value,
        message=getattr(data, "description", None),
        job_name=run.job_name,
        step_handle=step.handle,
        event_specific_data=data,
        step_kind_value=step.kind.value,
    )
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level="DEBUG",
        user_message="",
        run_id=run.run_id,
        timestamp=time.time(),
        step_key=step.key,
        job_name=run.job_name,
        dagster_event=event,
    )


def show_on_timeline(instance: dg.DagsterInstance, job: dg.JobDefinition, location: str) -> None:
    """Let the runs of a job that this process executes belong to a code location, as those that the daemon launches.

    Dagit's timeline leaves out every other run, and can't launch it again.
    """
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), "__repository__"), job.name)
    made = type(instance).create_run_for_job
    instance.create_run_for_job = partial(made, instance, remote_job_origin=origin)  # type: ignore[method-assign]
