"""The days that a run publishes: its own, and all days that were built and are not published yet."""

from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS, Dataset
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def claim_days(connection: Connection, published: Dataset, days: DayRange, run_id: str) -> list[DayRange]:
    """The run's days and the unpublished days of earlier runs, as ranges. So the days of a killed run are published too.

    The built days are marked as published by this run. Days that are built later belong to the next run. Call it before
    reading the rows, in the same transaction.
    """
    daily = [
        name
        for name, entry in DATASETS.items()
        if entry.indicator == published.indicator and entry is not published and not entry.is_monthly
    ]
    found = run_sql(connection, _SQL / "claim_built_periods.sql", datasets=daily, run_id=run_id).scalars()
    return as_ranges({*days, *found})
