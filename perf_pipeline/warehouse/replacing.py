"""Replaces the days of a range in one transaction. Every stage after the extraction writes like this.

The transaction locks the table for writers, deletes the verdicts on the days, deletes the days and inserts the new rows.
The result is the same when it runs twice, when two run at once, and when one is killed.
"""

import io
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, Engine, Table, delete, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.copying import copy_text_into
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.verdicts import keep_last_good, void_verdicts

_NULL = r"\N"
"""The text for null. An empty text is a value: a cell of markers may be empty."""


def lock_for_writing(connection: Connection, dataset: str) -> None:
    """Lock the dataset for other writers until this transaction ends. Readers are not blocked."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('perf_pipeline'), hashtext(:name))"), {"name": dataset}
    )


def replace_days(connection: Connection, dataset: str, days: DayRange, rows: pd.DataFrame) -> None:
    """Replace the dataset's rows of `days` by `rows`, inside the caller's transaction.

    `rows` has the dataset's columns. A row outside the days raises ValueError, since no later run would delete it.
    """
    entry, table = DATASETS[dataset], TABLES[dataset]
    outside = [day for day in rows[entry.day_column].unique() if day not in days]
    if outside:
        raise ValueError(f"{dataset} was given rows of {outside[0]}, outside {days}")
    lock_for_writing(connection, dataset)
    keep_last_good(connection, dataset, days)
    void_verdicts(connection, dataset, days)
    day = table.c[entry.day_column]
    connection.execute(delete(table).where(day.between(days.first, days.last)))
    insert_frame(connection, table, rows, entry.column_names)


def insert_frame(connection: Connection, table: Table, rows: pd.DataFrame, columns: Sequence[str]) -> None:
    """Append a frame's columns to a table by COPY. None and NaN become null."""
    if rows.empty:
        return
    buffer = io.StringIO()
    rows.to_csv(buffer, columns=list(columns), header=False, index=False, na_rep=_NULL)
    buffer.seek(0)
    copy_text_into(connection, table, columns, buffer, null=_NULL)


def analyze(engine: Engine, datasets: Sequence[str]) -> None:
    """Update the statistics of tables that were just written. An account that does not own them only gets a warning."""
    with transaction(engine) as connection:
        for dataset in datasets:
            connection.execute(text(f"ANALYZE perf.{TABLES[dataset].name}"))
