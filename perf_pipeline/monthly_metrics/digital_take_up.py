"""Digital take-up by month."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.digital_take_up import with_take_up
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.monthly_metrics.summing import sum_months
from perf_pipeline.systems import Systems


def take_up_of_months(connection: Connection, months: DayRange) -> pd.DataFrame:
    """One row per service, month and type of LPA.

    A month is an estimate when its own share of unknown channels is too large, or while a day is missing.
    """
    sums = sum_months(connection, "daily_digital_take_up", TAKE_UP_COUNTS, months)
    is_incomplete = sums["days_included_count"] < sums["days_expected_count"]
    take_up = with_take_up(sums)
    return take_up.assign(is_estimated=take_up["is_estimated"] | is_incomplete)


@flow_asset(deps=["daily_digital_take_up", "daily_verdicts"])
def monthly_digital_take_up(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """A run sums every month that its range touches."""
    return rebuild_days(context, systems, "monthly_digital_take_up", take_up_of_months)
