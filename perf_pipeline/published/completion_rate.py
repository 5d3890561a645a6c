"""The published completion figures: what happened in the period, and the cohort that started in it."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.columns import ALL
from perf_pipeline.catalogue.datasets import COHORT_FIGURES
from perf_pipeline.catalogue.disclosure import COMPLETION
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.windows import cohorts_touched
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.published.figures import daily_figures, monthly_figures, never_breaks, rows_of
from perf_pipeline.published.not_available import not_available
from perf_pipeline.published.publishing import publish
from perf_pipeline.published.suppressing import suppressed
from perf_pipeline.sources.systems import Systems

_KEY = ["service", "report_date", "lpa_type"]


@flow_asset(deps=["daily_completion_rate", "daily_completion_cohort", "monthly_completion_rate", "monthly_verdicts"])
def published_completion_rate(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """The headline is the cohort's rate; it is provisional until 90 days have passed."""
    days = cohorts_touched(day_range(context))

    def figures(connection: Connection) -> list[pd.DataFrame]:
        monthly = rows_of(connection, "monthly_completion_rate", days.whole_months())
        months = monthly_figures(monthly, last_ended_day(systems.clock()), never_breaks)
        daily = _daily_rows(connection, days)
        return [
            daily_figures(daily[daily["lpa_type"] == ALL], never_breaks),
            suppressed(months, COMPLETION),
            not_available(connection, METRICS["completion-rate"].sources, days).assign(lpa_type=ALL),
        ]

    return publish(systems, "published_completion_rate", figures, context.run.run_id)


def _daily_rows(connection: Connection, days: DayRange) -> pd.DataFrame:
    events = rows_of(connection, "daily_completion_rate", days)
    return with_cohorts_of_the_day(events, rows_of(connection, "daily_completion_cohort", days))


def with_cohorts_of_the_day(events: pd.DataFrame, cohorts: pd.DataFrame) -> pd.DataFrame:
    """What happened on each day with the cohort that started on it beside it; provisional while either is."""
    daily = events.merge(cohorts[[*_KEY, *COHORT_FIGURES, "is_provisional"]], on=_KEY, suffixes=("", "_cohort"))
    return daily.assign(is_provisional=daily["is_provisional"] | daily.pop("is_provisional_cohort"))
