"""The nightly schedule: when the job runs, and for which days."""

from collections.abc import Iterator
from datetime import UTC

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange, as_ranges, last_ended_day
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.orchestration.planning import night_plan
from perf_pipeline.orchestration.resources import open_systems
from perf_pipeline.settings import load_settings


@dg.schedule(
    job=build_and_publish,
    cron_schedule="30 2 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: each day up to yesterday that is missing, failed, waiting or changed by a source.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for each unbroken range of the plan, so that nights that were missed are made up for.

    It plans while others build, too: a night that is left out is worse than days that are built twice, one run after the
    other.
    """
    settings = load_settings()
    now = context.scheduled_execution_time.astimezone(UTC)
    days = DayRange(settings.first_day, last_ended_day(now))
    with open_systems(settings, in_a_hurry=True) as systems:
        planned = night_plan(systems, settings, days)
    for source in planned.not_compared:
        context.log.warning("What has changed could not be looked for: %s", source)
    for run_range in as_ranges(set(planned.reasons)):
        yield dg.RunRequest(
            run_key=f"{now.isoformat()} {run_range}", tags=range_tags(run_range, f"night {now.isoformat()}")
        )
    if not planned.reasons:
        unknown = "".join(f" What has changed could not be looked for: {source}" for source in planned.not_compared)
        yield dg.SkipReason(f"Every day up to {days.last} is built, and nothing has changed it.{unknown}")
