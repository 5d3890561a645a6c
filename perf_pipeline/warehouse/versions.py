"""Merges new rows into a table that keeps every version.

An unchanged row only gets a new instant in its `seen_columns`. A changed row supersedes the earlier version, which gets
the instant at which it was superseded. A row that is missing from the new rows stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Column, Connection, MetaData, Table, and_, func, insert, literal, select, update

from perf_pipeline.warehouse.replacing import insert_frame
from perf_pipeline.warehouse.tables import TABLES


@dataclass(frozen=True)
class Versioning:
    """The roles of a table's columns when versions are merged."""

    dataset: str
    identity: tuple[str, ...]
    """Columns that identify a row, whatever its version."""
    compared: tuple[str, ...]
    """Columns that make a new version when they differ."""
    created_columns: tuple[str, ...]
    """Columns that get the instant at which the version was added."""
    seen_columns: tuple[str, ...] = ()
    """Columns that get the instant at which the version was last read."""
    updated_columns: tuple[str, ...] = ()
    """Columns that are updated without making a new version."""


def merge_versions(connection: Connection, versioning: Versioning, rows: pd.DataFrame, now: datetime) -> int:
    """Merge `rows`, a frame without the instants, inside the caller's transaction. Returns the number of new versions."""
    table = TABLES[versioning.dataset]
    staged = _stage(connection, table, rows)
    same_row = and_(*(table.c[name] == staged.c[name] for name in versioning.identity), table.c.superseded_at.is_(None))
    same_values = and_(*(table.c[name].is_not_distinct_from(staged.c[name]) for name in versioning.compared))
    followed = {name: staged.c[name] for name in versioning.updated_columns} | dict.fromkeys(
        versioning.seen_columns, now
    )
    if followed:
        connection.execute(update(table).where(same_row, same_values).values(**followed))
    connection.execute(update(table).where(same_row, ~same_values).values(superseded_at=now))
    fresh = select(
        *staged.c,
        *(literal(now, table.c[name].type) for name in (*versioning.created_columns, *versioning.seen_columns)),
    ).where(~select(literal(1)).where(same_row).exists())
    count = int(connection.execute(select(func.count()).select_from(fresh.subquery())).scalar_one())
    columns = [*(column.name for column in staged.c), *versioning.created_columns, *versioning.seen_columns]
    connection.execute(insert(table).from_select(columns, fresh))
    staged.drop(connection)
    return count


def _stage(connection: Connection, table: Table, rows: pd.DataFrame) -> Table:
    """A temporary copy of the rows, with the types of the table."""
    names: Sequence[str] = list(rows.columns)
    staged = Table(
        f"staged_{table.name}",
        MetaData(),
        *(Column(name, table.c[name].type) for name in names),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    staged.create(connection)
    insert_frame(connection, staged, rows, names)
    return staged
