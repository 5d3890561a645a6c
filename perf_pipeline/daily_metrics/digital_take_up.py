"""Digital take-up by day of receipt (DOMAIN 2.3): online and assisted, as a share of all channels."""

from datetime import date
from functools import partial

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.catalogue.dimensions import KNOWN_LPA_TYPES
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.rounding import percent_column
from perf_pipeline.catalogue.windows import SIRIUS_REVISION_DAYS, TOLERATED_UNKNOWN_PERCENT
from perf_pipeline.daily_metrics.counting import counts_of
from perf_pipeline.daily_metrics.totals import with_totals
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.systems import Systems


def with_take_up(counts: pd.DataFrame) -> pd.DataFrame:
    """Add digital_take_up_percent and is_estimated to a frame with the six channels and their total.

    The figure is an estimate when too many applications have an unknown channel. It is None without applications.
    """
    share = percent_column(counts["online_count"] + counts["assisted_count"], counts["total_count"])
    is_estimated = counts["unknown_count"] * 100 > counts["total_count"] * TOLERATED_UNKNOWN_PERCENT
    return counts.assign(digital_take_up_percent=share, is_estimated=is_estimated)


def whole_days(by_type: pd.DataFrame) -> pd.DataFrame:
    """The rows of the days with a row for every type of LPA. Only these days have a total."""
    types = by_type.groupby(["service", "report_date"])["lpa_type"].transform("count")
    return by_type[types == len(KNOWN_LPA_TYPES)]


def take_up_of_days(connection: Connection, days: DayRange, *, last_ended: date) -> pd.DataFrame:
    """One row per service, whole day and type of LPA, and one for all types. `last_ended` is yesterday."""
    values = {"revision_days": SIRIUS_REVISION_DAYS, "last_ended_day": last_ended}
    by_type = whole_days(counts_of(connection, "daily_digital_take_up", days, **values))
    return with_take_up(with_totals(by_type, ("service", "report_date"), TAKE_UP_COUNTS, ("is_provisional",)))


@flow_asset(deps=["extracted_channel_counts"])
def daily_digital_take_up(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """A day is included once every type of LPA has arrived. A missing type is not known yet, it is not zero."""
    rows_of = partial(take_up_of_days, last_ended=last_ended_day(systems.clock()))
    return rebuild_days(context, systems, "daily_digital_take_up", rows_of)
