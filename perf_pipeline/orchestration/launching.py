"""The sensors that launch runs: builds of what an extraction changed, and extractions of new export files.

Neither opens a source: one plans from the warehouse, the other lists a folder. Each is cheap enough for every minute.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import dagster as dg
from sqlalchemy import Connection

from perf_pipeline.catalogue.reporting_days import ended_days, london_day
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.extracted.done_page.changed_files import FileState, days_of_changed_files, state_of
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.orchestration.jobs import build, build_without_publishing, due_tags, extract, night_tags, range_tags
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.resources import open_for_planning
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.building import BuildingLock
from perf_pipeline.warehouse.engine import connected

_LOOK_EVERY_SECONDS = 60
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    jobs=[build, build_without_publishing],
    minimum_interval_seconds=_LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds each day that is missing, or that rests on something that has changed since it was built.",
)
def changed_days_are_built(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for each range of the plan, and the last one publishes; the same plan is launched once a day at most."""
    settings = load_settings()
    if _is_running(context.instance, build.name, build_without_publishing.name):
        yield dg.SkipReason("A run builds already; what it leaves is planned when it has ended.")
        return
    now = settings.now()
    days = ended_days(settings.first_day, now)
    with open_for_planning(settings) as systems:
        if not BuildingLock(systems.warehouse, silent).is_free():
            yield dg.SkipReason("A command builds already; what it leaves is planned when it has ended.")
            return
        planned = plan(systems, days)
    if not planned.runs:
        yield dg.SkipReason(f"Every day up to {days.last} is built, and nothing that it rests on has changed.")
        return
    digest = sha256(repr((planned.reasons, sorted(planned.unreleased))).encode()).hexdigest()[:16]
    *earlier, last = planned.runs
    # Builds leave the queue one at a time and in this order. One that fails holds back neither the others nor the release.
    for job, run_days in [*((build_without_publishing, days) for days in earlier), (build, last)]:
        yield dg.RunRequest(
            run_key=f"{london_day(now)} {digest} {run_days}",
            job_name=job.name,
            tags=range_tags(run_days, why=planned.why(run_days)) | night_tags(days.last),
        )


@dg.sensor(
    job=extract,
    minimum_interval_seconds=_LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads the sources when an export file is new, changed or gone. Looks at names, sizes and times.",
)
def new_exports_are_read(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for one extraction for each state of the files that say something about reporting days and were not read so."""
    settings = load_settings()
    now = settings.now()
    with open_for_planning(settings) as systems, connected(systems.warehouse) as connection:
        try:
            changed = list(_changed_listings(connection, systems, settings))
        except PerfPipelineError as error:
            return dg.SkipReason(f"The folder can't be listed; the nightly extraction reports it. {error}")
    if not changed:
        return dg.SkipReason("No file is new, changed or gone.")
    state = sha256(repr(changed).encode()).hexdigest()[:16]
    days = ended_days(settings.first_day, now)
    return dg.RunRequest(
        run_key=f"{london_day(now)} {state}",
        tags=due_tags(days, f"exports {state}", "an export file is new, changed or gone"),
    )


def _changed_listings(
    connection: Connection, systems: Systems, settings: Settings
) -> Iterator[tuple[str, list[FileState]]]:
    """Each service of whose days files say something that were not read as they are, with all files of the folder."""
    for service, name in systems.services.pairs:
        folder, known = _folder_of(systems, settings, service, name), systems.days_of(service, name)
        if folder and known and days_of_changed_files(connection, str(folder), service.slug, known):
            yield service.slug, sorted(map(state_of, list_exports(folder)))


def _folder_of(systems: Systems, settings: Settings, service: Service, source: str) -> Path | None:
    """Where the files of a source are; None for a source that delivers no files, or whose folder is not set or made."""
    address = systems.address(service.slug, source)
    if address is None or SOURCES[source].window_days is not None:
        return None
    if settings.is_embedded:
        from perf_pipeline.demo.world import stand_in_exports_dir

        return stand_in_exports_dir(settings) if stand_in_exports_dir(settings).exists() else None
    return Path(address)


def _is_running(instance: dg.DagsterInstance, *jobs: str) -> bool:
    return any(instance.get_runs_count(dg.RunsFilter(job_name=name, statuses=_UNFINISHED)) > 0 for name in jobs)
