"""Publishing again what is built already: after somebody has approved it, taken a figure back, or restored one.

Here: the runs and the release behind `perf-pipeline approve` and `withdraw`. Not here: building days (`running`).
"""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from perf_pipeline.catalogue.datasets import DATASETS, Stage, datasets_of
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.errors import UsageError
from perf_pipeline.orchestration.resources import open_for_planning
from perf_pipeline.orchestration.running import Runner, dagster_instance
from perf_pipeline.published.publishing import publish_again
from perf_pipeline.published.release_asset import make_release
from perf_pipeline.published.restoring import restore
from perf_pipeline.published.withdrawing import Withdrawal, record_withdrawal
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def publish_approved(settings: Settings, service: str) -> tuple[Cause, ...]:
    """Publish every built figure of a service that waits for approval; why that failed, if it did."""
    from perf_pipeline.definitions import defs

    with open_for_planning(settings) as systems, dagster_instance(settings) as instance:
        began = systems.clock()
        approved = replace(systems, approved=frozenset({service}))
        causes = Runner(defs, instance, approved, f"command {uuid4()}").publish(_all_days(settings)).causes
        if not causes:
            with transaction(systems.warehouse) as connection:
                months = list(datasets_of(Stage.MONTHLY_METRICS))
                run_sql(connection, _SQL / "note_approved.sql", service=service, datasets=months, began=began)
        return causes


def publish_withdrawn(settings: Settings, figure: Withdrawal, reason: str) -> None:
    """Take a figure back and make a release without it. Raises UsageError where no such figure is published."""
    dataset = DATASETS[INDICATORS[figure.indicator].published_dataset]
    with open_for_planning(settings) as systems:
        with transaction(systems.warehouse) as connection:
            now = systems.clock()
            record_withdrawal(connection, figure, reason, now)
            if not publish_again(connection, dataset, figure.subject, figure.period_start, figure.period, now):
                raise UsageError(
                    f"No {figure.indicator} of {figure.subject} is published for the {figure.period} from"
                    f" {figure.period_start}.",
                    next_step="look the figure up with perf-pipeline as-of.",
                )
        make_release(systems, f"withdrawal-{now:%Y%m%dT%H%M%S%f}")


def publish_restored(settings: Settings, figure: Withdrawal, reason: str | None) -> None:
    """Publish a withdrawn figure again. Raises UsageError when it is not withdrawn."""
    from perf_pipeline.definitions import PUBLISHED

    (series,) = (series for series in PUBLISHED if series.indicator == figure.indicator)
    with open_for_planning(settings) as systems:
        with transaction(systems.warehouse) as connection:
            if not restore(connection, systems, series, figure, reason):
                raise UsageError(
                    f"The {figure.indicator} of {figure.subject} for the {figure.period} from {figure.period_start} is"
                    " not withdrawn.",
                    next_step="name the figure as it was when it was withdrawn.",
                )
        make_release(systems, f"restoration-{systems.clock():%Y%m%dT%H%M%S%f}")


def _all_days(settings: Settings) -> DayRange:
    return DayRange(settings.first_day, last_ended_day(settings.now()))
