"""Runs the .sql files. Each holds one statement, and all values are bound."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, CursorResult, TextClause, text


@cache
def _statement(file: Path) -> TextClause:
    return text(file.read_text(encoding="utf-8"))


def run_sql(connection: Connection, file: Path, **values: object) -> CursorResult[tuple[object, ...]]:
    """Execute one .sql file with its `:named` values."""
    return connection.execute(_statement(file), values)


def run_sql_for_each(connection: Connection, file: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Execute one .sql file once for each set of values, in batches."""
    if rows:
        connection.execute(_statement(file), rows)
