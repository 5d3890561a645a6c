"""The nightly schedule: when the job runs, and for which days."""

from collections.abc import Iterator
from datetime import UTC

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange, as_ranges, last_ended_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.orchestration.planning import night_plan
from perf_pipeline.orchestration.resources import open_warehouse
from perf_pipeline.settings import load_settings


@dg.schedule(
    job=build_and_publish,
    cron_schedule="30 2 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: each day that is missing, failed, waiting or provisional, up to yesterday.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run for each unbroken range of the plan, so that nights that were missed are made up for."""
    # Alembic takes long to import, and loading the definitions has no use for it.
    from perf_pipeline.warehouse.migrating import check_migrated

    settings = load_settings()
    now = context.scheduled_execution_time.astimezone(UTC)
    days = DayRange(settings.first_day, last_ended_day(now))
    services = load_services(settings.services_file)
    with open_warehouse(settings) as warehouse:
        check_migrated(warehouse)
        planned = night_plan(warehouse, services, settings, days)
    for run_range in as_ranges(set(planned)):
        yield dg.RunRequest(
            run_key=f"{now.isoformat()} {run_range}", tags=range_tags(run_range, f"night {now.isoformat()}")
        )
    if not planned:
        yield dg.SkipReason(f"Every day up to {days.last} is built and final.")
