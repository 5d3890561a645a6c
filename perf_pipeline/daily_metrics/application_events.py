"""Counts applications by the day on which they reached each state, whenever they were started (DOMAIN 2.2)."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import STATE_COUNTS, STATE_FLAGS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.rounding import percent_column
from perf_pipeline.catalogue.windows import UNUSED_ACCOUNTS_KEPT_MONTHS
from perf_pipeline.daily_metrics.counting import counts_of
from perf_pipeline.daily_metrics.totals import with_totals
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.systems import Systems


def with_created_per_started(counts: pd.DataFrame) -> pd.DataFrame:
    """Add created_per_started_percent to a frame with started_count and created_count. None when nothing was started."""
    return counts.assign(created_per_started_percent=percent_column(counts["created_count"], counts["started_count"]))


def states_of_days(connection: Connection, days: DayRange) -> pd.DataFrame:
    """One row per service, delivered day and type of LPA, and one for all types."""
    by_type = counts_of(connection, "daily_application_events", days, accounts_kept_months=UNUSED_ACCOUNTS_KEPT_MONTHS)
    return with_created_per_started(with_totals(by_type, ("service", "report_date"), STATE_COUNTS, STATE_FLAGS))


@flow_asset(deps=["extracted_application_states"])
def daily_application_events(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """An application that is started on Monday and completed on Thursday counts as completed on Thursday.

    A run also rebuilds the 90 days before its range: applications started on these days may have got their type since.
    """
    return rebuild_days(context, systems, "daily_application_events", states_of_days)
