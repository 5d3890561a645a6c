"""The published digital take-up figures."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.columns import ALL
from perf_pipeline.catalogue.disclosure import TAKE_UP
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import last_ended_day
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.published.figures import daily_figures, monthly_figures, never_breaks, rows_of
from perf_pipeline.published.not_available import not_available
from perf_pipeline.published.publishing import publish
from perf_pipeline.published.suppressing import suppressed
from perf_pipeline.sources.systems import Systems


@flow_asset(deps=["daily_digital_take_up", "monthly_digital_take_up", "monthly_verdicts"])
def published_digital_take_up(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """The counts of every channel stand beside the share, so that another reading can be derived."""
    days = day_range(context)

    def figures(connection: Connection) -> list[pd.DataFrame]:
        daily = rows_of(connection, "daily_digital_take_up", days)
        monthly = rows_of(connection, "monthly_digital_take_up", days.whole_months())
        months = monthly_figures(monthly, last_ended_day(systems.clock()), never_breaks)
        return [
            daily_figures(daily[daily["lpa_type"] == ALL], never_breaks),
            suppressed(months, TAKE_UP),
            not_available(connection, METRICS["digital-take-up"].sources, days).assign(lpa_type=ALL),
        ]

    return publish(systems, "published_digital_take_up", figures, context.run.run_id)
