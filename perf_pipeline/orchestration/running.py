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
    try:
        instance = dg.DagsterInstance.get()
    except DagsterError as error:
        raise SettingsError(
            f"Dagster can't use DAGSTER_HOME {os.environ[_HOME_VARIABLE]}: {error}",
            next_step="unset it, or set it to a folder that holds the project's dagster.yaml.",
        ) from error
    with instance:
        yield instance


def prepare_dagster_home(settings: Settings) -> Path:
    """Give this process and its children a DAGSTER_HOME with our dagster.yaml in it."""
    if os.environ.get(_HOME_VARIABLE):
        return Path(os.environ[_HOME_VARIABLE])
    ours = Path(__file__).parents[2] / INSTANCE_FILE
    if not ours.exists():
        raise SettingsError(
            "DAGSTER_HOME is not set, and there is no dagster.yaml beside the package.",
            next_step="set DAGSTER_HOME to a folder that holds the project's dagster.yaml.",
        )
    home = settings.home.resolve() / "dagster"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _put(home / INSTANCE_FILE, ours.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"Dagster's folder {home} can't be written to: {error.strerror}.",
            next_step="set PERF_HOME to a folder that this user may write to.",
        ) from None
    os.environ[_HOME_VARIABLE] = str(home)
    return home


def _put(file: Path, content: bytes) -> None:
    """Replace the file by one rename: another process that reads half of it would use another storage."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)


def run_range(
    definitions: dg.Definitions, instance: dg.DagsterInstance, systems: Systems, days: DayRange, progress: Progress
) -> RangeOutcome:
    """Build and publish `days`. What goes wrong inside of the run is in the outcome.

    Raises KeyboardInterrupt when the process is told to stop, WarehouseError when Dagster's own storage breaks off.
    """
    job = definitions.resolve_job_def(build_and_publish.name)
    try:
        result = job.execute_in_process(
            instance=instance,
            resources={"systems": replace(systems, progress=progress)},
            tags=range_tags(days),
            run_config=_QUIET,
            raise_on_error=False,
        )
    except DBAPIError as error:
        raise WarehouseError(
            f"Dagster's storage refused or broke off during the run of {days}: {first_line(error)}.",
            next_step="check its database (PERF_DAGSTER_DATABASE_URL), then run the same command again.",
        ) from error
    return RangeOutcome(days, () if result.success else tuple(_failures(result)) or (_UNEXPLAINED,))


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """One line for each cause: checks that did not pass, and steps that failed by themselves."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            name = f"{evaluation.asset_key.to_user_string()}, {evaluation.check_name}"
            causes = (evaluation.description or "").splitlines()
            # The causes that this check gives say by themselves what failed.
            yield from causes if evaluation.check_name == every_source_delivered else (f"{name}: {'; '.join(causes)}",)
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        if error is None or error.cls_name == _CHECK_FAILED:
            continue
        if error.cls_name == _INTERRUPTED:
            raise KeyboardInterrupt
        message = " ".join((error.cause or error).message.split())
        yield f"{event.step_key}: {message.removeprefix(_FAILURE_PREFIX)}"
