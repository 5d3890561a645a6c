"""What Dagit shows of an indicator: the rows of each day or month, the percentages to plot, and the newest rows."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, select

from perf_pipeline.catalogue.columns import ColumnType
from perf_pipeline.catalogue.datasets import COHORT_FIGURES, STATE_FLAGS, VERSION_COLUMNS, Dataset
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.reporting_days import DayRange, month_end, month_start
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.windows import COHORT_DAYS
from perf_pipeline.flow.flow_asset import Metadata
from perf_pipeline.flow.tables import as_table
from perf_pipeline.warehouse.tables import TABLES

NEWEST_PERIODS = 6
MOST_TABLES = 92
"""Days of a run whose rows are shown. A table is most of what a day takes in Dagster's event log."""
ROWS = "rows"
NEWEST_ROWS = "newest_rows"
ROW_COUNT = "dagster/partition_row_count"
_SHARES = (ColumnType.PERCENT, ColumnType.HEADLINE)
_HIDDEN = (*STATE_FLAGS, *VERSION_COLUMNS, "headline_method")


def shown_by_day(
    dataset: Dataset, rows: pd.DataFrame, services: Services, days: Iterable[date]
) -> dict[date, dict[str, Metadata]]:
    """By day: its rows, their number, and the percentages of each service's headline rows.

    Every day of a month shows its month, so that Dagit plots months as steps. A cohort that still grows has no percentage
    to plot: its line would end in a fall that nobody has caused.
    """
    periods = {day: month_start(day) if dataset.is_monthly else day for day in sorted(days)}
    shown = _shown_by_period(dataset, rows[rows[dataset.day_column].isin(set(periods.values()))], services)
    return {day: shown.get(period, {ROW_COUNT: 0}) for day, period in periods.items()}


def _shown_by_period(dataset: Dataset, rows: pd.DataFrame, services: Services) -> dict[date, dict[str, Metadata]]:
    visible, counts = _visible(dataset, rows), Counter(rows[dataset.day_column])
    shown: dict[date, dict[str, Metadata]] = {period: {ROW_COUNT: count} for period, count in counts.items()}
    for period in sorted(counts)[-MOST_TABLES:]:
        shown[period][ROWS] = as_table(visible[rows[dataset.day_column] == period])
    headlines = headline_rows(dataset, rows, services)
    is_growing = _is_provisional(headlines)
    for column in (entry.name for entry in dataset.columns if entry.type is ColumnType.PERCENT):
        plotted = headlines[~is_growing] if column in COHORT_FIGURES else headlines
        for service, period, value in plotted[[dataset.subject, dataset.day_column, column]].itertuples(index=False):
            if not pd.isna(value):
                shown[period][f"{service} {column}"] = float(value)
    return shown


def newest_rows(
    connection: Connection, dataset: Dataset, services: Services, *conditions: ColumnElement[bool]
) -> dict[str, Metadata]:
    """The headline rows of the newest periods of every service, as a table. The conditions are on the dataset's table."""
    table = TABLES[dataset.name]
    series = [table.c[dataset.subject], *([table.c[dataset.dimension.column]] if dataset.dimension else [])]
    place = func.row_number().over(partition_by=series, order_by=table.c[dataset.day_column].desc()).label("place")
    ranked = select(table, place).where(*conditions).subquery()
    newest = select(*(ranked.c[column.name] for column in table.columns)).where(ranked.c.place <= NEWEST_PERIODS)
    result = connection.execute(newest.order_by(ranked.c[dataset.subject], ranked.c[dataset.day_column]))
    rows = headline_rows(dataset, pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object), services)
    return {NEWEST_ROWS: as_table(_visible(dataset, rows))} if len(rows) else {}


def _visible(dataset: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns with values: first the key, then the percentages, then the counts behind them."""
    kinds = {column.name: column.type for column in dataset.columns if column.name not in _HIDDEN}
    filled = {str(name) for name in rows.dropna(axis="columns", how="all").columns}

    def place(name: str) -> int:
        return 0 if name in dataset.key else 1 if kinds[name] in _SHARES else 2

    shown: list[str] = sorted((name for name in kinds if name in filled), key=place)
    return rows[shown]


def became_final(dataset: Dataset, days: DayRange) -> frozenset[date]:
    """The earlier days whose cohort, or whose month's cohorts, these days have completed."""
    if not any(column.name in COHORT_FIGURES for column in dataset.columns):
        return frozenset()
    ended = DayRange(days.first - timedelta(days=COHORT_DAYS), days.last - timedelta(days=COHORT_DAYS))
    if not dataset.is_monthly:
        return frozenset(ended)
    months = {month_start(day) for day in ended if day == month_end(day)}
    return frozenset(day for month in months for day in DayRange(month, month_end(month)))


def headline_rows(dataset: Dataset, rows: pd.DataFrame, services: Services) -> pd.DataFrame:
    """The rows with the headline figures: the total, or the headline source of the day if the sources are not summed."""
    dimension = dataset.dimension
    if dimension is None:
        return rows
    values = rows[dimension.column]
    if dimension.total is not None:
        return rows[values == dimension.total]
    triples = zip(rows[dataset.subject], rows[dataset.day_column], values, strict=True)
    is_headline = [
        service in services and services[service].headline_source(day) == source for service, day, source in triples
    ]
    return rows[pd.Series(is_headline, index=rows.index, dtype=bool)]


def _is_provisional(rows: pd.DataFrame) -> pd.Series:
    if "is_provisional" in rows:
        return rows["is_provisional"].astype(bool)
    return rows["markers"].fillna("").str.contains(f"[{Marker.PROVISIONAL.value}]", regex=False)
