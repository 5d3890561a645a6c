"""The completion rate: of the applications started on a day, the share created within 90 days (DOMAIN 2.2)."""

from datetime import date
from functools import partial

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import COHORT_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.rounding import percent_column
from perf_pipeline.catalogue.windows import COHORT_DAYS
from perf_pipeline.daily_metrics.counting import counts_of
from perf_pipeline.daily_metrics.totals import with_totals
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.systems import Systems


def with_cohort_rate(counts: pd.DataFrame) -> pd.DataFrame:
    """Add cohort_completion_percent: created ÷ started of the same applications. It is never above 100."""
    share = percent_column(counts["cohort_created_count"], counts["cohort_started_count"])
    return counts.assign(cohort_completion_percent=share)


def cohorts_of_days(connection: Connection, days: DayRange, *, last_ended: date) -> pd.DataFrame:
    """One row per service, delivered day of start and type of LPA, and one for all types. `last_ended` is yesterday."""
    by_type = counts_of(connection, "daily_completion_rate", days, cohort_days=COHORT_DAYS, last_ended_day=last_ended)
    return with_cohort_rate(with_totals(by_type, ("service", "report_date"), COHORT_COUNTS, ("is_provisional",)))


@flow_asset(deps=["extracted_application_states"])
def daily_completion_rate(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """A run also rebuilds the cohorts of the 90 days before its range, which its days may have completed."""
    rows_of = partial(cohorts_of_days, last_ended=last_ended_day(systems.clock()))
    return rebuild_days(context, systems, "daily_completion_rate", rows_of)
