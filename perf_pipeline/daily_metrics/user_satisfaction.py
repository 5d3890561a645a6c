"""User satisfaction by day (DOMAIN 2.1): both percentages and the headline, computed from five counts."""

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS, SatisfactionMethod, method_in_force
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.rounding import percent_column
from perf_pipeline.catalogue.sources import sources_for
from perf_pipeline.catalogue.windows import RATINGS_KEPT_MONTHS
from perf_pipeline.daily_metrics.counting import counts_of
from perf_pipeline.flow.flow_asset import AssetReport, flow_asset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.systems import Systems


def with_satisfaction(counts: pd.DataFrame, period_start: str) -> pd.DataFrame:
    """Add responses_count, both percentages, headline_percent and headline_method.

    `counts` has the five rating counts. Its column `period_start` has the first day of the period, which determines the
    method in force. Percentages are 0 to 100, rounded once from the counts, and None without responses.
    """
    methods = [method_in_force(day) for day in counts[period_start]]
    responses = counts[list(RATING_COUNTS)].sum(axis=1)
    columns: dict[str, pd.Series | list[str]] = {"responses_count": responses}
    for method in SATISFACTION_METHODS.values():
        columns[method.column] = _percentages(counts, method, decimals=2)
    whole = {method.id: _percentages(counts, method, decimals=0) for method in SATISFACTION_METHODS.values()}
    columns["headline_percent"] = pd.Series(
        [whole[method.id].loc[row] for row, method in zip(counts.index, methods, strict=True)],
        index=counts.index,
        dtype=object,
    )
    columns["headline_method"] = [method.id for method in methods]
    return counts.assign(**columns)


def _percentages(counts: pd.DataFrame, method: SatisfactionMethod, *, decimals: int) -> pd.Series:
    weighted = sum(counts[column] * weight for column, weight in zip(RATING_COUNTS, method.weights, strict=True))
    highest = counts[list(RATING_COUNTS)].sum(axis=1) * max(method.weights)
    return percent_column(pd.Series(weighted), highest, decimals=decimals)


def satisfaction_of_days(connection: Connection, days: DayRange) -> pd.DataFrame:
    """One row per service, delivered day and source of ratings."""
    counts = counts_of(
        connection,
        "daily_user_satisfaction",
        days,
        sources=list(sources_for("user-satisfaction")),
        ratings_kept_months=RATINGS_KEPT_MONTHS,
    )
    return with_satisfaction(counts, "report_date")


@flow_asset(deps=["extracted_feedback"])
def daily_user_satisfaction(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
    """Each row has the percentages of both methods, so that a change of method can't hide a change of figures."""
    return rebuild_days(context, systems, "daily_user_satisfaction", satisfaction_of_days)
