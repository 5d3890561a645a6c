"""Turns daily and monthly tables into published figures. Both get the same columns and their markers."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, select

from perf_pipeline.catalogue.datasets import DATASETS, Dataset
from perf_pipeline.catalogue.reporting_days import DayRange, month_end
from perf_pipeline.published.markers import markers
from perf_pipeline.warehouse.verdicts import good_periods

BreakRule = Callable[[str, date, date], bool]
"""Whether a new method or source comes into force for a service between two days."""


def never_breaks(_service: str, _first: date, _last: date) -> bool:
    """The rule of an indicator with a single method."""
    return False


def rows_of(connection: Connection, dataset: str, days: DayRange) -> pd.DataFrame:
    """The dataset's good rows of the days, with percentages as Decimal.

    A day that failed a check, or was not checked since it was built, has its last good rows or none.
    """
    table, entry = good_periods(dataset), DATASETS[dataset]
    statement = select(table).where(table.c[entry.day_column].between(days.first, days.last))
    return read_frame(connection, statement)


def read_frame(connection: Connection, statement: Select[Any]) -> pd.DataFrame:
    """The rows of a statement as they are, with percentages as Decimal."""
    result = connection.execute(statement)
    return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)


def totals_only(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the totals. Breakdowns that add up to a total are published by month only (DOMAIN 2.5)."""
    dimension = dataset.dimension
    if dimension is None or dimension.total is None:
        return rows
    return rows[rows[dimension.column] == dimension.total]


def daily_figures(rows: pd.DataFrame, is_break: BreakRule) -> pd.DataFrame:
    """Daily rows with the published columns."""
    return _figures(rows, "day", rows["report_date"], rows["report_date"], is_break)


def monthly_figures(rows: pd.DataFrame, last_ended_day: date, is_break: BreakRule) -> pd.DataFrame:
    """Monthly rows with the published columns. A month is included once it has ended."""
    ends = rows["month_start"].map(month_end)
    has_ended = ends <= last_ended_day
    ended = rows[has_ended] if len(rows) else rows
    return _figures(ended, "month", ended["month_start"], ends[has_ended] if len(rows) else ends, is_break)


def _figures(rows: pd.DataFrame, period: str, starts: pd.Series, ends: pd.Series, is_break: BreakRule) -> pd.DataFrame:
    estimated = rows["is_estimated"] if "is_estimated" in rows else pd.Series(False, index=rows.index)
    cells = [
        markers(
            is_break=is_break(service, start, end), is_provisional=bool(provisional), is_estimated=bool(is_estimate)
        )
        for service, start, end, provisional, is_estimate in zip(
            rows["service"], starts, ends, rows["is_provisional"], estimated, strict=True
        )
    ]
    return rows.assign(period_start=starts, period=period, origin="computed", markers=cells)
