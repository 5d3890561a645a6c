"""Applications by the day on which they reached each state, whenever they were started (DOMAIN 2.2)."""

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.datasets import STATE_COUNTS
from perf_pipeline.catalogue.rounding import percent_column
from perf_pipeline.daily_metrics.totals import with_totals
from perf_pipeline.daily_metrics.writing import counts_of, write_days
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.systems import Systems


def with_created_per_started(counts: pd.DataFrame) -> pd.DataFrame:
    """Add created_per_started_percent to frames with started_count and created_count; None when nothing was started."""
    return counts.assign(created_per_started_percent=percent_column(counts["created_count"], counts["started_count"]))


@flow_asset(deps=["extracted_application_states"])
def daily_completion_rate(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """Started on Monday and completed on Thursday counts as completed on Thursday; no session is looked at."""
    days = day_range(context)
    by_type = counts_of(systems.warehouse, "daily_completion_rate", days)
    counts = with_totals(by_type, ("service", "report_date"), STATE_COUNTS, ("is_provisional", "is_estimated"))
    return write_days(
        systems,
        "daily_completion_rate",
        days,
        with_created_per_started(counts),
        plotted="created_per_started_percent",
    )
