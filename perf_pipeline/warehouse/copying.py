"""Streaming rows into PostgreSQL by COPY, in memory that does not grow with them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO

import psycopg2
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import IdentifierPreparer

_CHUNK_CHARACTERS = 256 * 1024


class RowStream:
    """Makes COPY read from an iterator of CSV lines.

    An iterator that raises makes `read` raise, so the COPY is aborted and its transaction rolls back: a mere end of the
    stream would commit what had arrived until then.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines: Iterator[str] = iter(lines)
        self.failure: BaseException | None = None

    def read(self, _size: int = -1) -> str:
        """The next chunk of whole lines; empty at the end."""
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
    """COPY CSV lines (each with its line end, nulls as empty fields) into a table; the number of rows."""
    return copy_text_into(connection, table, columns, RowStream(lines))


def copy_text_into(
    connection: Connection, table: Table, columns: Sequence[str], file: IO[str] | RowStream, *, null: str = ""
) -> int:
    """COPY a CSV file object into a table, inside the caller's transaction; the number of rows.

    `null` is how the file writes a missing value. Raises what the file's reader raises, and SQLAlchemy's errors otherwise.
    """
    quote = IdentifierPreparer(connection.dialect)
    names = ", ".join(quote.quote(column) for column in columns)
    statement = f"COPY {quote.format_table(table)} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{null}')"
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.copy_expert(statement, file)
        except psycopg2.Error as error:
            refusal = _as_of_a_statement(connection, statement, error)
            # PostgreSQL reports only that the client gave up; why it did is the error that helps.
            raise (file.failure if isinstance(file, RowStream) and file.failure else refusal) from None
        return int(cursor.rowcount)


def _as_of_a_statement(connection: Connection, statement: str, error: psycopg2.Error) -> BaseException:
    """The driver's error as SQLAlchemy gives it for a statement: callers tell a lost connection from a refused row."""
    if getattr(connection.connection.driver_connection, "closed", False):
        # Or rolling back would fail too, and hide what happened.
        connection.invalidate(error)
    return DBAPIError.instance(statement, None, error, psycopg2.Error, hide_parameters=True, dialect=connection.dialect)
