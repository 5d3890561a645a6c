"""Digital take-up by month."""

import dagster as dg

from perf_pipeline.daily_metrics.digital_take_up import COUNTS, with_take_up
from perf_pipeline.daily_metrics.writing import write_days
from perf_pipeline.monthly_metrics.summing import sum_months
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.systems import Systems


@flow_asset(deps=["daily_digital_take_up"])
def monthly_digital_take_up(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """A run sums every month that its range touches."""
    days = day_range(context)
    sums = sum_months(systems.warehouse, "daily_digital_take_up", "lpa_type", COUNTS, days)
    is_lacking = sums["days_included_count"] < sums["days_expected_count"]
    months = with_take_up(sums)
    return write_days(
        systems,
        "monthly_digital_take_up",
        days.whole_months(),
        months.assign(is_estimated=months["is_estimated"] | is_lacking),
        plotted="digital_take_up_percent",
    )
