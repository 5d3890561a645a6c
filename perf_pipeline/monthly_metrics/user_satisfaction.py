"""User satisfaction by month."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.monthly_metrics.summing import sum_months
from perf_pipeline.systems import Systems


def satisfaction_of_months(connection: Connection, months: DayRange) -> pd.DataFrame:
    """One row per service, month and source of ratings."""
    return with_satisfaction(sum_months(connection, "daily_user_satisfaction", RATING_COUNTS, months), "month_start")


@flow_asset(deps=["daily_user_satisfaction", "daily_verdicts"])
def monthly_user_satisfaction(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """A run sums every month that its range touches."""
    return rebuild_days(context, systems, "monthly_user_satisfaction", satisfaction_of_months)
