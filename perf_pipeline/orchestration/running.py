"""Running the job for a range of days in this process, as the commands do: with progress, and with what failed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Progress, Systems

INSTANCE_FILE = "dagster.yaml"
_FAILURE_PREFIX = "dagster._core.definitions.events.Failure: "
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class RangeOutcome:
    """How the run of one range ended: done when nothing failed."""

    days: DayRange
    failures: tuple[str, ...]


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance whose storage the settings name; DAGSTER_HOME is kept, or made below PERF_HOME."""
    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        yield instance


def prepare_dagster_home(settings: Settings) -> Path:
    """Give this process and its children a DAGSTER_HOME with our dagster.yaml in it."""
    if os.environ.get("DAGSTER_HOME"):
        return Path(os.environ["DAGSTER_HOME"])
    ours = Path(__file__).parents[2] / INSTANCE_FILE
    if not ours.exists():
        raise SettingsError(
            "DAGSTER_HOME is not set, and there is no dagster.yaml beside the package.",
            next_step="set DAGSTER_HOME to a folder that holds the project's dagster.yaml.",
        )
    home = settings.home.resolve() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ours, home / INSTANCE_FILE)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def run_range(
    definitions: dg.Definitions, instance: dg.DagsterInstance, systems: Systems, days: DayRange, progress: Progress
) -> RangeOutcome:
    """Build and publish `days`. Never raises for what goes wrong inside of the run: the outcome says it."""
    job = definitions.resolve_job_def(build_and_publish.name)
    result = job.execute_in_process(
        instance=instance,
        resources={"systems": replace(systems, progress=progress)},
        tags=range_tags(days),
        run_config=_QUIET,
        raise_on_error=False,
    )
    return RangeOutcome(days, () if result.success else tuple(_failures(result)))


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """One line for each cause: checks that did not pass, and steps that failed by themselves."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            yield f"{evaluation.asset_key.to_user_string()}, {evaluation.check_name}: {evaluation.description}"
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        if error is not None and error.cls_name != "DagsterAssetCheckFailedError":
            message = " ".join((error.cause or error).message.split())
            yield f"{event.step_key}: {message.removeprefix(_FAILURE_PREFIX)}"
