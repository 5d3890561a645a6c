"""Why a run failed, read from its events and from the verdicts on its days: for the command and for alerts alike."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import dagster as dg
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.errors import UsageError
from perf_pipeline.extracted.assets import READS_WHAT_IS_DUE
from perf_pipeline.flow.dagster_private import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)
from perf_pipeline.quality.causes import Cause
from perf_pipeline.quality.failing import causes_of_days, causes_of_sources
from perf_pipeline.warehouse.engine import connected

_CHECK_FAILED = "DagsterAssetCheckFailedError"
_WHY = "Why this run failed:"
_LOOK_IT_UP = "look it up in Dagit (perf-pipeline serve), then run the same days again."
# Dagster puts the class before the words; of errors made for people the words are enough.
_SPEAKING_CLASSES = re.compile(r"^(dagster\._core\.definitions\.events\.Failure|perf_pipeline\.errors\.\w+): ")


def causes_of_run(
    instance: dg.DagsterInstance, run_id: str, warehouse: Engine | None, services: Services
) -> list[Cause]:
    """Every cause of a failed run; without a warehouse, those that Dagster knows. At least one."""
    run = instance.get_run_by_id(run_id)
    days = days_of(run.tags if run else {})
    # Verdicts count only once the run has come to the check that fails on them: before it they may be of another run.
    failed_checks = [event.step_key or "" for event in _step_failures(instance, run_id) if _is_of_check(event)]
    causes: list[Cause] = []
    if warehouse is not None and failed_checks:
        with connected(warehouse) as connection:
            if any(step.endswith("every_source_delivered") for step in failed_checks):
                is_due = run is not None and READS_WHAT_IS_DUE in run.tags
                causes += causes_of_sources(connection, services, None if is_due else days)
            if any(step.endswith("every_day_passed") for step in failed_checks) and days is not None:
                causes += causes_of_days(connection, services, days, run_id)
    causes += _failed_steps(instance, run_id)
    return causes or [Cause("the run", tuple(days or ()), "it failed without a message.", _LOOK_IT_UP)]


def end_with_causes(instance: dg.DagsterInstance, run_id: str, causes: Iterable[Cause]) -> None:
    """Make the causes, each with its next step, the last event of a failed run: Dagster's own last ones name only a step."""
    run = instance.get_run_by_id(run_id)
    logged = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    if run is not None and not any(_WHY in entry.message for entry in logged):
        instance.report_engine_event("\n".join([_WHY, *map(str, causes)]), run)


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> Iterator[Cause]:
    """Steps that failed by themselves."""
    for event in _step_failures(instance, run_id):
        error = event.step_failure_data.error
        if error is not None and not _is_of_check(event):
            found = _SPEAKING_CLASSES.sub("", " ".join((error.cause or error).message.split()))
            yield Cause(event.step_key or "a step", (), found, _LOOK_IT_UP)


def _is_of_check(event: dg.DagsterEvent) -> bool:
    error = event.step_failure_data.error
    return error is not None and error.cls_name == _CHECK_FAILED


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> list[dg.DagsterEvent]:
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return [entry.dagster_event for entry in entries if entry.dagster_event is not None]


def days_of(tags: Mapping[str, str]) -> DayRange | None:
    """The days of a run, by its tags; None where it has none."""
    first, last = tags.get(ASSET_PARTITION_RANGE_START_TAG), tags.get(ASSET_PARTITION_RANGE_END_TAG)
    only = tags.get(PARTITION_NAME_TAG)
    try:
        return DayRange(_day(first or only), _day(last or only))
    except (TypeError, ValueError, UsageError):
        return None


def _day(text: str | None) -> date:
    return date.fromisoformat(text or "")
