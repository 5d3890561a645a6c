"""The published user satisfaction figures."""

from datetime import date

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.methods import is_break
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import last_ended_day
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.published.figures import daily_figures, monthly_figures, rows_of
from perf_pipeline.published.not_available import not_available
from perf_pipeline.published.publishing import publish
from perf_pipeline.sources.systems import Systems


@flow_asset(deps=["daily_user_satisfaction", "monthly_user_satisfaction", "monthly_verdicts"])
def published_user_satisfaction(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """A break marker stands on the first period of a new method or headline source."""
    days = day_range(context)

    def is_break_of(service: str, first: date, last: date) -> bool:
        # A service that was taken out of the services file keeps the figures that it had.
        changes_source = service in systems.services and systems.services[service].changes_headline_source(first, last)
        return changes_source or is_break(first, last)

    def figures(connection: Connection) -> list[pd.DataFrame]:
        daily = rows_of(connection, "daily_user_satisfaction", days)
        monthly = rows_of(connection, "monthly_user_satisfaction", days.whole_months())
        return [
            daily_figures(daily, is_break_of),
            monthly_figures(monthly, last_ended_day(systems.clock()), is_break_of),
            not_available(connection, METRICS["user-satisfaction"].sources, days),
        ]

    return publish(systems, "published_user_satisfaction", figures, context.run.run_id, is_break_of)
