"""Builds days or months of a table, records what they were built from, and reports them to Dagit."""

from collections.abc import Callable

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.flow.built_periods import record_built, source_revisions, void_months
from perf_pipeline.flow.code_version import code_version
from perf_pipeline.flow.figures_shown import became_final, newest_rows, shown_by_day
from perf_pipeline.flow.flow_asset import AssetReport
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing, replace_days

RowsOfDays = Callable[[Connection, DayRange], pd.DataFrame]
"""Computes a dataset's rows for a range of days, with all of its columns."""


def rebuild_days(context: dg.AssetExecutionContext, systems: Systems, dataset: str, rows_of: RowsOfDays) -> AssetReport:
    """Replace the periods of the dataset that the run's days can change by the rows of `rows_of`.

    The rows are computed after the table is locked. Otherwise a slow run could replace the rows that a faster run has
    computed from newer data. The revisions of the sources are read before the rows, so that a delivery in between is not
    recorded as built. Dagit shows the rows of each day, and plots the percentages of each service.
    """
    entry, days = DATASETS[dataset], day_range(context)
    periods = entry.touched_by(days)
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
        newest = newest_rows(connection, entry, systems.services)
    beyond = frozenset(day for day in became_final(entry, days) if day >= systems.first_day)
    shown = shown_by_day(entry, rows, systems.services, {*days, *beyond})
    return AssetReport(shown, newest, days_beyond=beyond)
