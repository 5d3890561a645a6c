"""Merging what is said now into what was said before, keeping every version.

An unchanged row is only seen again. A changed row supersedes the earlier one, which stays with the instant it stopped
counting. A row that is not there any more stays as it is.
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
    """How a table keeps versions."""

    dataset: str
    identity: tuple[str, ...]
    """Columns that say which row it is."""
    compared: tuple[str, ...]
    """Columns that make another version when they differ."""
    born: tuple[str, ...]
    """Columns that take the instant at which the version appeared."""
    seen: tuple[str, ...] = ()
    """Columns that take the instant at which the version was last found."""
    refreshed: tuple[str, ...] = ()
    """Columns that follow the source without making another version."""


def merge_versions(connection: Connection, versioning: Versioning, rows: pd.DataFrame, now: datetime) -> int:
    """Merge `rows`, a frame without the instants, inside the caller's transaction; the number of new versions."""
    table = TABLES[versioning.dataset]
    staged = _stage(connection, table, rows)
    same_row = and_(*(table.c[name] == staged.c[name] for name in versioning.identity), table.c.superseded_at.is_(None))
    same_values = and_(*(table.c[name].is_not_distinct_from(staged.c[name]) for name in versioning.compared))
    followed = {name: staged.c[name] for name in versioning.refreshed} | dict.fromkeys(versioning.seen, now)
    if followed:
        connection.execute(update(table).where(same_row, same_values).values(**followed))
    connection.execute(update(table).where(same_row, ~same_values).values(superseded_at=now))
    fresh = select(
        *staged.c, *(literal(now, table.c[name].type) for name in (*versioning.born, *versioning.seen))
    ).where(~select(literal(1)).where(same_row).exists())
    count = int(connection.execute(select(func.count()).select_from(fresh.subquery())).scalar_one())
    columns = [*(column.name for column in staged.c), *versioning.born, *versioning.seen]
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
