"""Loading many rows into a table that has few: without its indexes, which are built once at the end.

Rows that come in another order than the key take three times as long when each of them is put into the indexes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, text
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint, DropIndex

_FEWEST_ROWS = 100_000
"""Fewer rows are inserted faster than the table can be locked and its indexes built again."""


@contextmanager
def bulk_load(connection: Connection, table: Table, new_rows: int) -> Iterator[None]:
    """Insert up to `new_rows` in the block. When the transaction fails, the indexes are as before.

    The table keeps its indexes when it has more rows already, or when this account does not own it.
    """
    if new_rows < _FEWEST_ROWS or not _is_owned(connection, table) or _has_rows(connection, table, new_rows):
        yield
        return
    for index in table.indexes:
        connection.execute(DropIndex(index))
    connection.execute(DropConstraint(table.primary_key))
    yield
    connection.execute(AddConstraint(table.primary_key))
    for index in table.indexes:
        connection.execute(CreateIndex(index))


def _is_owned(connection: Connection, table: Table) -> bool:
    statement = text("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = CAST(:name AS regclass)")
    return bool(connection.execute(statement, {"name": table.fullname}).scalar_one())


def _has_rows(connection: Connection, table: Table, count: int) -> bool:
    statement = text(f"SELECT count(*) FROM (SELECT 1 FROM {table.fullname} LIMIT :count) AS some_rows")  # noqa: S608
    return int(connection.execute(statement, {"count": count}).scalar_one()) >= count
