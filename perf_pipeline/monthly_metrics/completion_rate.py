"""Completion by month: the event counts of its days, and the cohort of the applications started in it."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import with_created_per_started
from perf_pipeline.daily_metrics.completion_rate import with_cohort_rate
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.monthly_metrics.summing import sum_months
from perf_pipeline.systems import Systems

_KEY = ["service", "month_start", "lpa_type"]


def with_cohorts(events: pd.DataFrame, cohorts: pd.DataFrame) -> pd.DataFrame:
    """Event counts and cohort counts by month, joined. A row is provisional when either of its parts is."""
    together = events.merge(
        cohorts[[*_KEY, *COHORT_COUNTS, "is_provisional", "days_included_count"]],
        on=_KEY,
        how="inner",
        suffixes=("", "_cohort"),
    )
    is_provisional = together["is_provisional"] | together.pop("is_provisional_cohort")
    # A day counts only when it has both.
    included = together[["days_included_count", "days_included_count_cohort"]].min(axis=1)
    is_estimated = together["is_estimated"] | (included < together["days_expected_count"])
    flagged = together.drop(columns="days_included_count_cohort").assign(
        is_provisional=is_provisional, is_estimated=is_estimated, days_included_count=included
    )
    return with_cohort_rate(with_created_per_started(flagged))


def completion_of_months(connection: Connection, months: DayRange) -> pd.DataFrame:
    """One row per service, month and type of LPA."""
    events = sum_months(connection, "daily_application_events", STATE_COUNTS, months)
    cohorts = sum_months(connection, "daily_completion_rate", COHORT_COUNTS, months)
    return with_cohorts(events, cohorts)


@flow_asset(deps=["daily_application_events", "daily_completion_rate", "daily_verdicts"])
def monthly_completion_rate(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """A run sums every month that its range touches, and every month whose cohorts its range may complete."""
    return rebuild_days(context, systems, "monthly_completion_rate", completion_of_months)
