"""The sensors that launch runs: builds of what an extraction changed, and extractions of new export files.

Neither opens a source: one plans from the warehouse, the other lists a folder. Each is cheap enough for every minute.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import dagster as dg

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day, london_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.extracted.done_page.changed_files import last_listing, state_of
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.orchestration.jobs import build, build_without_publishing, due_tags, extract, night_tags, range_tags
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.resources import open_for_planning
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.systems import silent
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
    days = DayRange(settings.first_day, max(settings.first_day, last_ended_day(now)))
    with open_for_planning(settings) as systems:
        if not BuildingLock(systems.warehouse, silent).is_free():
            yield dg.SkipReason("A command builds already; what it leaves is planned when it has ended.")
            return
        planned = plan(systems, days)
    if not planned.runs:
        yield dg.SkipReason(f"Every day up to {days.last} is built, and nothing that it rests on has changed.")
        return
    digest = sha256(repr((planned.reasons, sorted(planned.unreleased))).encode()).hexdigest()[:16]
    several = len(planned.runs) > 1
    # The last range is launched by itself, once the others are built: its run publishes them all.
    for run_days in planned.runs[:-1] or planned.runs:
        yield dg.RunRequest(
            run_key=f"{london_day(now)} {digest} {run_days}",
            job_name=build_without_publishing.name if several else build.name,
            tags=range_tags(run_days) | night_tags(days.last),
        )


@dg.sensor(
    job=extract,
    minimum_interval_seconds=_LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reads the sources when an export file is new, changed or gone. Looks at names, sizes and times.",
)
def new_exports_are_read(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask for one extraction for each state of the folder that differs from the one last read."""
    settings = load_settings()
    folders = _exports_folders(settings)
    try:
        listings = {service: frozenset(map(state_of, list_exports(folder))) for service, folder in folders.items()}
    except PerfPipelineError as error:
        return dg.SkipReason(f"The folder can't be listed; the nightly extraction reports it. {error}")
    with open_for_planning(settings) as systems, connected(systems.warehouse) as connection:
        changed = {
            service for service, listing in listings.items() if listing != last_listing(connection, service).keys()
        }
    if not changed:
        return dg.SkipReason("No file is new, changed or gone.")
    now = settings.now()
    state = sha256(repr(sorted((service, sorted(listings[service])) for service in changed)).encode()).hexdigest()[:16]
    days = DayRange(settings.first_day, max(settings.first_day, last_ended_day(now)))
    return dg.RunRequest(run_key=f"{london_day(now)} {state}", tags=due_tags(days, f"exports {state}"))


def _exports_folders(settings: Settings) -> dict[str, Path]:
    """By service, the folder of its exports."""
    services = load_services(settings.services_file)
    if settings.is_embedded:
        from perf_pipeline.demo.world import stand_in_exports_dir

        folder = stand_in_exports_dir(settings)
        return {service.slug: folder for service, source in services.pairs if _is_files(source) and folder.exists()}
    return {slug: Path(at) for (slug, source), at in settings.addresses(services).items() if _is_files(source)}


def _is_files(source: str) -> bool:
    return SOURCES[source].window_days is None


def _is_running(instance: dg.DagsterInstance, *jobs: str) -> bool:
    return any(instance.get_runs_count(dg.RunsFilter(job_name=name, statuses=_UNFINISHED)) > 0 for name in jobs)
