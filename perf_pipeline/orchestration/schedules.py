"""The nightly schedule. It only launches: no tick waits for a system that is not ours."""

from datetime import UTC, datetime, time

import dagster as dg

from perf_pipeline.catalogue.reporting_days import LONDON, ONE_DAY, TIMEZONE, DayRange, last_ended_day, london_day
from perf_pipeline.orchestration.jobs import due_tags, extract, night_tags
from perf_pipeline.settings import load_settings

STARTS_AT = time(2, 30)
"""When a night begins, in London."""


def next_night(now: datetime) -> datetime:
    """When the schedule launches next, if a daemon runs then."""
    tonight = datetime.combine(london_day(now), STARTS_AT, LONDON)
    return (tonight if tonight > now else datetime.combine(london_day(now) + ONE_DAY, STARTS_AT, LONDON)).astimezone(
        UTC
    )


@dg.schedule(
    job=extract,
    cron_schedule=f"{STARTS_AT.minute} {STARTS_AT.hour} * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: read the sources. The sensor `changed_days_are_built` then builds what changed.",
)
def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run; what earlier nights have missed is read with it."""
    now = context.scheduled_execution_time.astimezone(UTC)
    days = DayRange(load_settings().first_day, last_ended_day(now))
    return dg.RunRequest(run_key=now.isoformat(), tags=due_tags(days) | night_tags(days.last))
