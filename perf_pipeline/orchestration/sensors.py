"""The sensors that alert people: to runs that fail, and to nights on which no run came.

Here: when somebody is alerted. Not here: how (`alerts`), why a run failed (`run_causes`), launching runs (`launching`).
"""

from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from perf_pipeline.alerts.alerting import alert, night_is_alerted
from perf_pipeline.catalogue.cadences import PUBLISHED_BY
from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import LONDON, last_ended_day
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.orchestration.jobs import asked_together, night_of
from perf_pipeline.orchestration.resources import open_warehouse
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.warehouse.engine import connected, first_line
from perf_pipeline.warehouse.statements import run_sql

_LOOK_EVERY_SECONDS = 600
_NOT_PUBLISHED = f"no nightly run has published it by {PUBLISHED_BY:%H:%M}."
_NIGHT_IS_RELEASED = Path(__file__).parent / "sql" / "night_is_released.sql"


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts people when a run fails: one message for each cause, by the channels that PERF_* variables name.",
)
def run_failed(context: dg.RunFailureSensorContext) -> dg.SkipReason:
    """Report the causes of a run that failed, but for those that a command has reported.

    A skipped tick adds nothing to the run's events, so that the causes stay the last one. The next tick takes the next run.
    """
    from perf_pipeline.orchestration.run_causes import causes_of_run, end_with_causes

    settings, run_id = load_settings(), context.dagster_run.run_id
    services, tags = load_services(settings.services_file), context.dagster_run.tags
    with ExitStack() as stack:
        warehouse: Engine | None = None
        try:
            warehouse = stack.enter_context(open_warehouse(settings))
            causes = causes_of_run(context.instance, run_id, warehouse, services)
        except (PerfPipelineError, DBAPIError):
            causes = causes_of_run(context.instance, run_id, None, services)
        end_with_causes(context.instance, run_id, causes)
        about = asked_together(tags, run_id)
        alert(warehouse, settings, causes, about, night=night_of(tags), run_id=run_id)
    return dg.SkipReason(f"Why run {run_id} failed is reported.")


@dg.sensor(
    minimum_interval_seconds=_LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=f"Alerts people when yesterday is not published by {PUBLISHED_BY:%H:%M} Europe/London.",
)
def night_was_missed(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look whether yesterday is published. The cursor is the newest day that needs no more looking at."""
    settings = load_settings()
    finding, settled = look_at_night(settings, settings.now(), context.cursor)
    context.update_cursor(settled or "")
    return dg.SkipReason(finding)


def look_at_night(settings: Settings, now: datetime, settled: str | None) -> tuple[str, str | None]:
    """Alert people if yesterday is missed; what was found, and the newest settled day: published, or reported.

    A settled day stays settled: while it is built again during the day, it counts as unreleased for some minutes.
    """
    day = last_ended_day(now)
    if settled == day.isoformat():
        return f"{day} is settled.", settled
    with ExitStack() as stack:
        warehouse: Engine | None
        try:
            opened = stack.enter_context(open_warehouse(settings))
            warehouse, is_released, found = opened, night_is_released(opened, day), _NOT_PUBLISHED
        except PerfPipelineError as error:
            warehouse, is_released, found = None, False, error.what
        except DBAPIError as error:
            warehouse, is_released, found = None, False, f"The warehouse refused: {first_line(error)}."
        if is_released is None:
            return "No night of the week before was published, so nobody expects this one.", settled
        if is_released:
            return f"{day} is published.", day.isoformat()
        if not missed(now, is_released):
            return f"{day} has until {PUBLISHED_BY:%H:%M} to be published.", settled
        if warehouse is not None and night_is_alerted(warehouse, day):
            return f"{day} is not published; an alert about it was sent before.", day.isoformat()
        if alert(warehouse, settings, [_missed_night(day, found)], f"night {day}", night=day):
            return f"{day} is not published; an alert was sent.", day.isoformat()
    return f"{day} is not published; no alert could be sent yet.", settled


def missed(now: datetime, is_released: bool) -> bool:
    """Whether yesterday should be published by now and is not."""
    return not is_released and now.astimezone(LONDON).time() >= PUBLISHED_BY


def night_is_released(warehouse: Engine, day: date) -> bool | None:
    """Whether a release includes the day; None where no day of the week before is in one. Raises WarehouseError."""
    daily = list(datasets_of(Stage.DAILY_METRICS))
    with connected(warehouse) as connection:
        found = run_sql(connection, _NIGHT_IS_RELEASED, day=day, datasets=daily).scalar()
    return None if found is None else bool(found)


def _missed_night(day: date, found: str) -> Cause:
    return Cause(
        subject="nightly run",
        days=(day,),
        found=found,
        next_step="look at the schedule nightly in Dagit and whether its daemon runs, then run perf-pipeline nightly;"
        " it makes up for every night that was missed.",
    )
