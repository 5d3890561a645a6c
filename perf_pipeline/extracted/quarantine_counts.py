"""Counts the rows in quarantine by reason and day, for the extracted assets in Dagit and for `perf-pipeline status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_DAYS_NAMED = 5


@dataclass(frozen=True)
class Quarantined:
    """Rows of one source that can't be used for one reason."""

    subject: str
    source: str
    reason: str
    by_day: dict[date | None, int]
    """Numbers of rows, the newest day first. Rows without a readable day come last, under None."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(self.by_day.values())

    @property
    def days(self) -> str:
        """Days for people: `2026-03-05 (1), 2026-03-01 (2)`."""
        days = [f"{day} ({rows:,})" for day, rows in self.by_day.items() if day]
        more = len(days) - _DAYS_NAMED
        named = ", ".join(days[:_DAYS_NAMED]) + (f" and {more:,} more day{'s' if more > 1 else ''}" if more > 0 else "")
        undated = f"no readable day ({self.by_day[None]:,})" if None in self.by_day else ""
        return ", ".join(filter(None, (named, undated)))


def quarantined(connection: Connection, sources: Sequence[str]) -> list[Quarantined]:
    """The rows that are in quarantine now, by subject, source and reason."""
    found = run_sql(connection, _SQL / "quarantine_by_reason.sql", sources=list(sources))
    return [
        Quarantined(*reason, {row.period_start: row.rows for row in rows})
        for reason, rows in groupby(found, key=lambda row: (row.subject, row.source, row.reason))
    ]
