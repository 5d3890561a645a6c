"""Running the job for a range of days in this process, as the commands do: with progress, and with what failed."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
import dagster as dg
import yaml
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import PerfPipelineError, SettingsError
from perf_pipeline.flow.dagster_private import show_on_timeline
from perf_pipeline.flow.flow_asset import LEAVES_CHECKS_OUT
from perf_pipeline.orchestration.jobs import asked_by, build, build_without_publishing, due_tags, extract, range_tags
from perf_pipeline.orchestration.run_causes import causes_of_run, end_with_causes
from perf_pipeline.orchestration.storage import PipelineStorage, storage_broke_off
from perf_pipeline.quality.causes import Cause
from perf_pipeline.quality.checks import ALL_CHECKS
from perf_pipeline.settings import Settings
from perf_pipeline.systems import Progress, Systems
from perf_pipeline.warehouse.engine import CONNECT_SECONDS

INSTANCE_FILE = "dagster.yaml"
HOME_VARIABLE = "DAGSTER_HOME"
_INTERRUPTED = "UNEXPECTED_TERMINATION"
MOST_DAYS_CHECKED_IN_DAGSTER = 62
"""Dagster plans each day of each check, some milliseconds a day. Runs of longer ranges show the results by themselves."""
EVERY_DAY = "every day of the range was asked for"
_LOCATION = "perf_pipeline"
"""The name of our code location in workspace.yaml."""

PUBLISHING = {dg.AssetKey(indicator.published_dataset) for indicator in INDICATORS.values()} | {dg.AssetKey("release")}


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
            f"Dagster can't use DAGSTER_HOME {os.environ[HOME_VARIABLE]}: {error}",
            next_step="unset it, or set it to a folder that holds the project's dagster.yaml.",
        ) from None
    except (DBAPIError, DagsterPostgresException) as error:
        raise storage_broke_off(error) from error
    with instance:
        yield instance


def prepare_dagster_home(settings: Settings) -> Path:
    """Give this process and its children a DAGSTER_HOME with our dagster.yaml in it.

    Raises SettingsError when the variable names another one: the runs would be stored where nobody looks for them.
    """
    if os.environ.get(HOME_VARIABLE):
        home = Path(os.environ[HOME_VARIABLE])
        check_dagster_home(home)
        return home
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
    os.environ[HOME_VARIABLE] = str(home)
    return home


def check_dagster_home(home: Path) -> None:
    """Raise SettingsError unless the folder's dagster.yaml names our storage; the rest of the file may be an operator's."""
    file = home / INSTANCE_FILE
    next_step = "unset DAGSTER_HOME, or set it to a folder that holds the project's dagster.yaml."
    if not file.is_file():
        raise SettingsError(f"DAGSTER_HOME {home} holds no {INSTANCE_FILE}.", next_step=next_step)
    try:
        stored: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise SettingsError(f"{file} can't be read.", next_step=next_step) from None
    for key in ("storage", "custom", "class"):
        stored = stored.get(key) if isinstance(stored, dict) else None
    if stored != PipelineStorage.__name__:
        raise SettingsError(
            f"{file} is not the project's: its runs would be stored apart from those of this pipeline.",
            next_step=next_step,
        )


def _put(file: Path, content: bytes) -> None:
    """Replace the file by one rename: another process that reads half of it would use another storage."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)


@dataclass(frozen=True)
class Runner:
    """Executes runs of one command in this process."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    systems: Systems
    asked: str
    """What all runs of the command share."""
    shows_tracebacks: bool = False
    """Whether tracebacks of failed steps are written to stderr."""

    def extract_due(self, days: DayRange, progress: Progress) -> RangeOutcome:
        """Read what is due of every source, up to the last of `days`."""
        return self._executed(extract.name, days, due_tags(days, self.asked), progress)

    def extract_range(self, days: DayRange, progress: Progress) -> RangeOutcome:
        """Read `days` of every source again."""
        return self._executed(extract.name, days, self._tags(days, EVERY_DAY), progress)

    def build(
        self, days: DayRange, progress: Progress, *, publishes: bool = True, why: str = EVERY_DAY
    ) -> RangeOutcome:
        """Build `days`; the last run of a command publishes what all of them have built."""
        job = build if publishes else build_without_publishing
        return self._executed(job.name, days, self._tags(days, why), progress)

    def steps(self, job: str) -> int:
        """How many assets a job writes, each of which reports its start."""
        return len(set(self.definitions.resolve_job_def(job).asset_layer.executable_asset_keys))

    def publish(self, days: DayRange) -> RangeOutcome:
        """Publish what is built of `days` and passed, without building anything."""
        job = self.definitions.resolve_job_def(build.name)
        alone = job.get_subset(asset_selection=PUBLISHING, asset_check_selection=set())
        tags = range_tags(days, self.asked, "what is built is published")
        return _executed(alone, self.instance, self.systems, days, tags)

    def _tags(self, days: DayRange, why: str) -> dict[str, str]:
        is_long = len(days) > MOST_DAYS_CHECKED_IN_DAGSTER
        return range_tags(days, self.asked, why) | ({LEAVES_CHECKS_OUT: "true"} if is_long else {})

    def _executed(self, name: str, days: DayRange, tags: dict[str, str], progress: Progress) -> RangeOutcome:
        """Run a job; what goes wrong inside of the run is in the outcome.

        Raises KeyboardInterrupt when the process is told to stop, WarehouseError when Dagster's own storage breaks off.
        """
        job = self.definitions.resolve_job_def(name)
        if LEAVES_CHECKS_OUT in tags:
            job = _without_daily_checks(job)
        systems = replace(self.systems, progress=progress)
        return _executed(job, self.instance, systems, days, tags, shows_tracebacks=self.shows_tracebacks)


def _executed(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    systems: Systems,
    days: DayRange,
    tags: dict[str, str],
    *,
    shows_tracebacks: bool = False,
) -> RangeOutcome:
    show_on_timeline(instance, job, _LOCATION)
    command = click.get_current_context(silent=True)
    tags |= asked_by(command.info_name or "") if command else {}
    try:
        with _errors_alone():
            result = job.execute_in_process(
                instance=instance,
                resources={"systems": systems},
                tags=tags,
                run_config=_console("ERROR" if shows_tracebacks else "CRITICAL"),
                raise_on_error=False,
            )
    except (DBAPIError, DagsterPostgresException) as error:
        raise storage_broke_off(error) from error
    if result.success:
        return RangeOutcome(days, result.run_id)
    _raise_if_stopped(result)
    causes = _causes(instance, result.run_id, systems)
    end_with_causes(instance, result.run_id, causes)
    return RangeOutcome(days, result.run_id, tuple(causes))


def _without_daily_checks(job: dg.JobDefinition) -> dg.JobDefinition:
    """The job without the checks that only show what stands in the table of verdicts; those that fail a run stay."""
    keys = job.asset_layer.executable_asset_keys
    checks = job.asset_layer.asset_graph.asset_check_keys
    stay = {key for key in checks if key.asset_key in keys and key.name not in ALL_CHECKS}
    return job.get_subset(asset_selection=set(keys), asset_check_selection=stay)


def _causes(instance: dg.DagsterInstance, run_id: str, systems: Systems) -> list[Cause]:
    try:
        return causes_of_run(instance, run_id, systems.warehouse, systems.services)
    except (PerfPipelineError, DBAPIError):
        # The warehouse is what failed; Dagster's own events say so.
        return causes_of_run(instance, run_id, None, systems.services)


def _check_storage(url: str) -> None:
    """Ask once: Dagster itself would ask for ten seconds before it says so."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        engine.connect().close()
    except DBAPIError as error:
        raise storage_broke_off(error) from error


@contextmanager
def _errors_alone() -> Iterator[None]:
    """Without the warnings that Dagster logs each time that it tries its storage again: the error in the end says all."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


def _console(level: str) -> dict[str, object]:
    return {"loggers": {"console": {"config": {"log_level": level}}}}


def _raise_if_stopped(result: dg.ExecuteInProcessResult) -> None:
    for event in result.filter_events(lambda event: event.is_job_failure):
        reason = event.job_failure_data.failure_reason
        if reason is not None and reason.name == _INTERRUPTED:
            raise KeyboardInterrupt
