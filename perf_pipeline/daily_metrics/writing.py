"""Reading counts for a daily metric, writing its days, and telling Dagit what was written."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, text

from perf_pipeline.catalogue.columns import ALL, LPA_TYPES
from perf_pipeline.catalogue.datasets import DATASETS, STATE_FLAGS, Dataset
from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.daily_metrics.frozen_counts import with_frozen_counts
from perf_pipeline.orchestration.flow_assets import Written
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing, replace_days

_SQL = Path(__file__).parent / "sql"

RowsOfDays = Callable[[Connection, DayRange], pd.DataFrame]
"""Makes a dataset's rows of a range of days, with all of its columns."""


def counts_of(connection: Connection, query: str, days: DayRange, **values: object) -> pd.DataFrame:
    """The frame that `daily_metrics/sql/{query}.sql`, named after its dataset, gives; for frozen days, what is held.

    It may bind first_day, last_day, timezone, lpa_types (an array) and what is in `values`.
    """
    bound = {
        "first_day": days.first,
        "last_day": days.last,
        "timezone": TIMEZONE,
        "lpa_types": list(LPA_TYPES),
        **values,
    }
    statement = text((_SQL / f"{query}.sql").read_text(encoding="utf-8"))
    statement = statement.bindparams(**{name: bound[name] for name in statement.compile().params})
    return with_frozen_counts(connection, query, days, pd.read_sql_query(statement, connection))


def rebuild_days(systems: Systems, dataset: str, days: DayRange, rows_of: RowsOfDays, *, plotted: str) -> Written:
    """Replace the days of the dataset by what `rows_of` makes of the warehouse as it stands once the table is locked.

    Read before the lock, the rows of a slow run could replace those that a quicker one made of newer data. Dagit plots
    the rows a day and, by service, the total's `plotted` figure.
    """
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, dataset)
        rows = rows_of(connection, days)
        replace_days(connection, dataset, days, rows)
    entry = DATASETS[dataset]
    per_day: dict[date, dict[str, float]] = {
        day: {"dagster/partition_row_count": count} for day, count in Counter(rows[entry.day_column]).items()
    }
    totals = total_rows(entry, rows, systems.services)
    for service, day, value in totals[["service", entry.day_column, plotted]].itertuples(index=False):
        if not pd.isna(value):
            per_day[day][f"{service} {plotted}"] = float(value)
    return Written(per_day=per_day, preview=totals[_preview_columns(entry)])


def total_rows(dataset: Dataset, rows: pd.DataFrame, services: Services) -> pd.DataFrame:
    """The rows that a figure is quoted from: of all types, or of the headline source of the day."""
    if "lpa_type" in rows:
        return rows[rows["lpa_type"] == ALL]
    pairs = zip(rows["service"], rows[dataset.day_column], rows["source"], strict=True)
    is_headline = [
        service in services and services[service].headline_source(day) == source for service, day, source in pairs
    ]
    return rows[pd.Series(is_headline, index=rows.index, dtype=bool)]


def _preview_columns(dataset: Dataset) -> Sequence[str]:
    return [name for name in dataset.column_names if name not in (*STATE_FLAGS, "headline_method")]
