"""The nightly schedule. It only launches: no tick waits for a system that is not ours."""

from datetime import UTC

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange, last_ended_day
from perf_pipeline.orchestration.jobs import due_tags, extract, night_tags
from perf_pipeline.settings import load_settings


@dg.schedule(
    job=extract,
    cron_schedule="30 2 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: read the sources. The sensor `changed_days_are_built` then builds what changed.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run; what earlier nights have missed is read with it."""
    now = context.scheduled_execution_time.astimezone(UTC)
    days = DayRange(load_settings().first_day, last_ended_day(now))
    return dg.RunRequest(run_key=now.isoformat(), tags=due_tags(days) | night_tags(days.last))
