"""Streams rows into PostgreSQL by COPY. Memory does not grow with the number of rows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO

import psycopg2
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import IdentifierPreparer

_CHUNK_CHARACTERS = 256 * 1024


class RowStream:
    """A file object for COPY that reads from an iterator of CSV lines.

    When the iterator raises, `read` raises too. So the COPY is aborted and its transaction rolls back. If the stream only
    ended, the rows that had arrived would be committed.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines: Iterator[str] = iter(lines)
        self.failure: BaseException | None = None

    def read(self, _size: int = -1) -> str:
        """The next chunk of whole lines. Empty at the end."""
        chunk: list[str] = []
        length = 0
        try:
            for line in self._lines:
                chunk.append(line)
                length += len(line)
                if length >= _CHUNK_CHARACTERS:
                    break
        except BaseException as failure:
            self.failure = failure
            raise
        return "".join(chunk)


def copy_lines_into(connection: Connection, table: Table, columns: Sequence[str], lines: Iterable[str]) -> int:
    """COPY CSV lines (with line ends, nulls as empty fields) into a table. Returns the number of rows."""
    return copy_text_into(connection, table, columns, RowStream(lines))


def copy_text_into(
    connection: Connection, table: Table, columns: Sequence[str], file: IO[str] | RowStream, *, null: str = ""
) -> int:
    """COPY a CSV file object into a table, inside the caller's transaction. Returns the number of rows.

    `null` is the file's text for a missing value. Raises the error of the file's reader, or else SQLAlchemy's errors.
    """
    quote = IdentifierPreparer(connection.dialect)
    names = ", ".join(quote.quote(column) for column in columns)
    statement = f"COPY {quote.format_table(table)} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{null}')"
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.copy_expert(statement, file)
        except psycopg2.Error as error:
            refusal = _as_of_a_statement(connection, statement, error)
            # PostgreSQL reports only that the client aborted. The reader's own error explains why.
            raise (file.failure if isinstance(file, RowStream) and file.failure else refusal) from None
        return int(cursor.rowcount)


def _as_of_a_statement(connection: Connection, statement: str, error: psycopg2.Error) -> BaseException:
    """The driver's error as SQLAlchemy wraps it, so that callers can distinguish a lost connection from a refused row."""
    if getattr(connection.connection.driver_connection, "closed", False):
        # Otherwise the rollback would fail too and hide the first error.
        connection.invalidate(error)
    return DBAPIError.instance(statement, None, error, psycopg2.Error, hide_parameters=True, dialect=connection.dialect)
