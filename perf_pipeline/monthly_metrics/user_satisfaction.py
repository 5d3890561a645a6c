"""User satisfaction by month."""

import dagster as dg

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.daily_metrics.writing import write_days
from perf_pipeline.monthly_metrics.summing import sum_months
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.systems import Systems


@flow_asset(deps=["daily_user_satisfaction"])
def monthly_user_satisfaction(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """A run sums every month that its range touches."""
    days = day_range(context)
    sums = sum_months(systems.warehouse, "daily_user_satisfaction", "source", RATING_COUNTS, days)
    return write_days(
        systems,
        "monthly_user_satisfaction",
        days.whole_months(),
        with_satisfaction(sums, "month_start"),
        plotted="headline_percent",
    )
