"""The published completion figures: the events of the period, and the cohort that started in it."""

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import COHORT_FIGURES
from perf_pipeline.catalogue.disclosure import COMPLETION
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.published.figures import rows_of
from perf_pipeline.published.series import PublishedSeries

_KEY = ["service", "report_date", "lpa_type"]


def daily_rows(connection: Connection, days: DayRange) -> pd.DataFrame:
    """The events of each day, with the cohort that started on it."""
    events = rows_of(connection, "daily_application_events", days)
    return with_cohorts_of_the_day(events, rows_of(connection, "daily_completion_rate", days))


def with_cohorts_of_the_day(events: pd.DataFrame, cohorts: pd.DataFrame) -> pd.DataFrame:
    """Both frames joined, one row per day that is in both. A row is provisional when either of its parts is."""
    daily = events.merge(cohorts[[*_KEY, *COHORT_FIGURES, "is_provisional"]], on=_KEY, suffixes=("", "_cohort"))
    return daily.assign(is_provisional=daily["is_provisional"] | daily.pop("is_provisional_cohort"))


COMPLETION_RATE = PublishedSeries(
    "completion-rate",
    daily=("daily_application_events", "daily_completion_rate"),
    monthly="monthly_completion_rate",
    note="The headline is the cohort's rate. It is provisional until 90 days have passed.",
    daily_rows=daily_rows,
    breakdown=COMPLETION,
)
