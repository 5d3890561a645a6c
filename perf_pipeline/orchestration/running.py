"""Running the job for a range of days in this process, as the commands do: with progress, and with what failed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import NEXT_STEP, SettingsError, WarehouseError
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Progress, Systems
from perf_pipeline.warehouse.engine import CONNECT_SECONDS, first_line

INSTANCE_FILE = "dagster.yaml"
_HOME_VARIABLE = "DAGSTER_HOME"
_CHECK_FAILED = "DagsterAssetCheckFailedError"
_INTERRUPTED = "UNEXPECTED_TERMINATION"
# Dagster puts the class before the words; of errors made for people the words are enough.
_SPEAKING_CLASSES = re.compile(r"^(dagster\._core\.definitions\.events\.Failure|perf_pipeline\.errors\.\w+): ")
_UNEXPLAINED = "The run failed and did not say why. Next step: look it up in Dagit (perf-pipeline serve)."


@dataclass(frozen=True)
class RangeOutcome:
    """How the run of one range ended: done when nothing failed."""

    days: DayRange
    failures: tuple[str, ...]


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance whose storage the settings name; DAGSTER_HOME is kept, or made below PERF_HOME."""
    prepare_dagster_home(settings)
    if settings.dagster_database_url is not None:
        _check_storage(settings.dagster_database_url.get_secret_value())
    try:
        instance = dg.DagsterInstance.get()
    except dg.DagsterError as error:
        raise SettingsError(
            f"Dagster can't use DAGSTER_HOME {os.environ[_HOME_VARIABLE]}: {error}",
            next_step="unset it, or set it to a folder that holds the project's dagster.yaml.",
        ) from None
    except (DBAPIError, DagsterPostgresException) as error:
        raise _storage_broke_off(error) from error
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
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    systems: Systems,
    days: DayRange,
    progress: Progress,
    *,
    shows_tracebacks: bool = False,
) -> RangeOutcome:
    """Build and publish `days`. What goes wrong inside of the run is in the outcome.

    `shows_tracebacks` writes those of failed steps to stderr.
    Raises KeyboardInterrupt when the process is told to stop, WarehouseError when Dagster's own storage breaks off.
    """
    job = definitions.resolve_job_def(build_and_publish.name)
    try:
        result = job.execute_in_process(
            instance=instance,
            resources={"systems": replace(systems, progress=progress)},
            tags=range_tags(days),
            run_config=_console("ERROR" if shows_tracebacks else "CRITICAL"),
            raise_on_error=False,
        )
    except (DBAPIError, DagsterPostgresException) as error:
        raise _storage_broke_off(error) from error
    return RangeOutcome(days, () if result.success else tuple(_failures(result)) or (_UNEXPLAINED,))


def _check_storage(url: str) -> None:
    """Ask once: Dagster itself would ask for ten seconds before it says so."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise _storage_broke_off(error) from error


def _storage_broke_off(error: Exception) -> WarehouseError:
    return WarehouseError(
        f"Dagster's storage refused or broke off: {first_line(error.__cause__ or error)}.",
        next_step="check PERF_DAGSTER_DATABASE_URL and that its server is up, then run the same command again.",
    )


def _console(level: str) -> dict[str, object]:
    return {"loggers": {"console": {"config": {"log_level": level}}}}


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """One line for each cause: checks that did not pass, and steps that failed by themselves."""
    for event in result.filter_events(lambda event: event.is_job_failure):
        reason = event.job_failure_data.failure_reason
        if reason is not None and reason.name == _INTERRUPTED:
            raise KeyboardInterrupt
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            dataset, causes = evaluation.asset_key.to_user_string(), (evaluation.description or "").splitlines()
            yield from (_with_next_step(f"{dataset}, {evaluation.check_name}", dataset, cause) for cause in causes)
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        if error is not None and error.cls_name != _CHECK_FAILED:
            message = " ".join((error.cause or error).message.split())
            yield f"{event.step_key}: {_SPEAKING_CLASSES.sub('', message)}"


def _with_next_step(check: str, dataset: str, cause: str) -> str:
    """A source's failure says by itself where and what next; a check's finding does not."""
    if NEXT_STEP in cause:
        return cause
    return f"{check}: {cause}. {NEXT_STEP} look at these days in perf.{dataset}; nothing of this run was published."
