"""Running the job for a range of days in this process, as the commands do: with progress, and with what failed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import PerfPipelineError, SettingsError, WarehouseError
from perf_pipeline.orchestration.flow_assets import LEAVES_CHECKS_OUT
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.orchestration.run_causes import causes_of_run
from perf_pipeline.published.release_asset import release
from perf_pipeline.published.verdict_check import every_day_passed
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.sources.systems import Progress, Systems
from perf_pipeline.warehouse.engine import CONNECT_SECONDS, first_line

INSTANCE_FILE = "dagster.yaml"
_HOME_VARIABLE = "DAGSTER_HOME"
_INTERRUPTED = "UNEXPECTED_TERMINATION"
MOST_DAYS_CHECKED_IN_DAGSTER = 62
"""Showing a day's verdict takes Dagster some milliseconds for each dataset; of longer ranges some are shown."""


@dataclass(frozen=True)
class RangeOutcome:
    """How the run of one range ended: done when nothing failed."""

    days: DayRange
    run_id: str
    causes: tuple[Cause, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """The causes, a line each."""
        return tuple(map(str, self.causes))


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
    asked: str = "",
    shows_tracebacks: bool = False,
) -> RangeOutcome:
    """Build and publish `days`. What goes wrong inside of the run is in the outcome.

    `asked` is what all runs of one command share. `shows_tracebacks` writes those of failed steps to stderr.
    Raises KeyboardInterrupt when the process is told to stop, WarehouseError when Dagster's own storage breaks off.
    """
    is_long = len(days) > MOST_DAYS_CHECKED_IN_DAGSTER
    job = definitions.resolve_job_def(build_and_publish.name)
    if is_long:
        job = _without_shown_verdicts(job)
    tags = range_tags(days, asked) | ({LEAVES_CHECKS_OUT: "true"} if is_long else {})
    return _executed(job, instance, replace(systems, progress=progress), days, tags, shows_tracebacks=shows_tracebacks)


def publish_built(
    definitions: dg.Definitions, instance: dg.DagsterInstance, systems: Systems, days: DayRange
) -> RangeOutcome:
    """Publish what is built of `days` and passed, without building anything; a run of the published assets alone."""
    job = definitions.resolve_job_def(build_and_publish.name)
    published = {dg.AssetKey(metric.published_dataset) for metric in METRICS.values()} | set(release.keys)
    alone = job.get_subset(asset_selection=published, asset_check_selection=set())
    return _executed(alone, instance, systems, days, range_tags(days))


def _executed(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    systems: Systems,
    days: DayRange,
    tags: dict[str, str],
    *,
    shows_tracebacks: bool = False,
) -> RangeOutcome:
    try:
        result = job.execute_in_process(
            instance=instance,
            resources={"systems": systems},
            tags=tags,
            run_config=_console("ERROR" if shows_tracebacks else "CRITICAL"),
            raise_on_error=False,
        )
    except (DBAPIError, DagsterPostgresException) as error:
        raise _storage_broke_off(error) from error
    if result.success:
        return RangeOutcome(days, result.run_id)
    _raise_if_stopped(result)
    return RangeOutcome(days, result.run_id, tuple(_causes(instance, result.run_id, systems.warehouse)))


def _without_shown_verdicts(job: dg.JobDefinition) -> dg.JobDefinition:
    """The job without the checks that only show what stands in the table of verdicts; the last one stays."""
    return job.get_subset(
        asset_selection=set(job.asset_layer.executable_asset_keys), asset_check_selection=every_day_passed.check_keys
    )


def _causes(instance: dg.DagsterInstance, run_id: str, warehouse: Engine) -> list[Cause]:
    try:
        return causes_of_run(instance, run_id, warehouse)
    except (PerfPipelineError, DBAPIError):
        # The warehouse is what failed; Dagster's own events say so.
        return causes_of_run(instance, run_id, None)


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


def _raise_if_stopped(result: dg.ExecuteInProcessResult) -> None:
    for event in result.filter_events(lambda event: event.is_job_failure):
        reason = event.job_failure_data.failure_reason
        if reason is not None and reason.name == _INTERRUPTED:
            raise KeyboardInterrupt
