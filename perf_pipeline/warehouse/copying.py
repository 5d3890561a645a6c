"""Streaming rows into PostgreSQL by COPY, in memory that does not grow with them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO

from psycopg2.errors import QueryCanceled
from sqlalchemy import Connection, Table
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

    `null` is how the file writes a missing value.
    """
    quote = IdentifierPreparer(connection.dialect)
    names = ", ".join(quote.quote(column) for column in columns)
    statement = f"COPY {quote.format_table(table)} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{null}')"
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.copy_expert(statement, file)
        except QueryCanceled:
            # PostgreSQL reports only that the client gave up; why it did is the error that helps.
            if isinstance(file, RowStream) and file.failure is not None:
                raise file.failure from None
            raise
        return int(cursor.rowcount)
