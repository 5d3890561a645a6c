"""Puts unusable rows into quarantine, and releases them when they are read again and are usable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.extracted.readings import Reading
from perf_pipeline.warehouse.statements import run_sql, run_sql_for_each

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class UnusableRow:
    """A source row that no figure includes: where it is, its day if readable, and the reason. Never its text."""

    row_ref: str
    period_start: date | None
    reason: str
    file_name: str | None = None
    detail: str | None = None


def quarantine(connection: Connection, reading: Reading, rows: Iterable[UnusableRow]) -> None:
    """Record the rows. Rows that were recorded before keep the instant at which they were first read."""
    values = [{**reading.key, **vars(row), "now": reading.now} for row in rows]
    run_sql_for_each(connection, _SQL / "quarantine_row.sql", values)


def resolve(connection: Connection, reading: Reading, good_refs: Iterable[str], whole_days: Iterable[date]) -> None:
    """Release rows from quarantine that are usable now, or whose day is whole now."""
    values = {"good_refs": list(good_refs), "whole_days": list(whole_days), "now": reading.now}
    run_sql(connection, _SQL / "resolve_rows.sql", **reading.key, **values)
