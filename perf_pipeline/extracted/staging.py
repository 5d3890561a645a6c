"""A temporary table for rows before they are merged. It is dropped at the end of the transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Column, Connection, MetaData, Table, text

from perf_pipeline.warehouse.copying import copy_lines_into


@contextmanager
def staged(connection: Connection, name: str, columns: str, rows: Iterable[str]) -> Iterator[int]:
    """Create the temporary table with `columns` (as in CREATE TABLE), stream CSV rows into it, drop it at the end.

    Yields the number of rows. When the rows' iterator raises, no row is kept.
    """
    connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))
    names = [column.split()[0] for column in columns.split(",")]
    table = Table(name, MetaData(), *(Column(column) for column in names))
    count = copy_lines_into(connection, table, names, rows)
    connection.execute(text(f"ANALYZE {name}"))
    yield count
    connection.execute(text(f"DROP TABLE {name}"))
