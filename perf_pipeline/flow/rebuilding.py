"""Builds days or months of a table, records what they were built from, and reports them to Dagit."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS, STATE_FLAGS, Dataset
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.flow.built_periods import record_built, source_revisions, void_months
from perf_pipeline.flow.code_version import code_version
from perf_pipeline.flow.flow_asset import AssetReport
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing, replace_days

RowsOfDays = Callable[[Connection, DayRange], pd.DataFrame]
"""Computes a dataset's rows for a range of days, with all of its columns."""


def rebuild_days(
    context: dg.AssetExecutionContext, systems: Systems, dataset: str, rows_of: RowsOfDays, *, plotted: str
) -> AssetReport:
    """Replace the periods of the dataset that the run's days can change by the rows of `rows_of`.

    The rows are computed after the table is locked. Otherwise a slow run could replace the rows that a faster run has
    computed from newer data. The revisions of the sources are read before the rows, so that a delivery in between is not
    recorded as built. Dagit plots the rows per day and the `plotted` figure of the headline row of each service.
    """
    entry = DATASETS[dataset]
    periods = entry.touched_by(day_range(context))
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, dataset)
        revisions = source_revisions(connection, entry, systems, periods)
        rows = rows_of(connection, periods)
        # Nothing is built for a service that was removed from the services file. Its published figures stay.
        rows = rows[rows[entry.subject].isin({subject for subject, _ in revisions})]
        if entry.is_monthly:
            made = set(zip(rows[entry.subject], rows[entry.day_column], strict=True))
            revisions = {period: found for period, found in revisions.items() if period in made}
        replace_days(connection, dataset, periods, rows)
        version = code_version(systems.services)
        record_built(connection, dataset, periods, revisions, version, systems.clock(), context.run.run_id)
        if not entry.is_monthly:
            void_months(connection, entry, periods)
    per_day: dict[date, dict[str, float]] = {
        day: {"dagster/partition_row_count": count} for day, count in Counter(rows[entry.day_column]).items()
    }
    headlines = headline_rows(entry, rows, systems.services)
    for service, day, value in headlines[[entry.subject, entry.day_column, plotted]].itertuples(index=False):
        if not pd.isna(value):
            per_day[day][f"{service} {plotted}"] = float(value)
    return AssetReport(per_day=per_day, preview=headlines[_preview_columns(entry)])


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


def _preview_columns(dataset: Dataset) -> Sequence[str]:
    return [name for name in dataset.column_names if name not in (*STATE_FLAGS, "headline_method")]
