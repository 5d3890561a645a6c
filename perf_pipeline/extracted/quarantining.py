"""Setting unusable rows aside, and letting them back in once they are read again and found good."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.extracted.deliveries import Attempt
from perf_pipeline.warehouse.statements import run_sql, run_sql_for_each

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class UnusableRow:
    """A source row that is in no figure: where it stands, its day where that could be read, and why. Never its text."""

    row_ref: str
    report_date: date | None
    reason: str


def quarantine(connection: Connection, attempt: Attempt, dataset: str, rows: Iterable[UnusableRow]) -> None:
    """Note the rows; those noted before keep the instant at which they were first seen."""
    run_sql_for_each(
        connection,
        _SQL / "quarantine_row.sql",
        [
            {
                "service": attempt.service,
                "source_name": attempt.source_name,
                "row_ref": row.row_ref,
                "dataset": dataset,
                "report_date": row.report_date,
                "reason": row.reason,
                "now": attempt.now,
            }
            for row in rows
        ],
    )


def resolve(connection: Connection, attempt: Attempt, good_refs: Iterable[str], whole_days: Iterable[date]) -> None:
    """Let out of quarantine the rows that were found good this time, and what stood against days that are whole now."""
    run_sql(
        connection,
        _SQL / "resolve_rows.sql",
        service=attempt.service,
        source_name=attempt.source_name,
        good_refs=list(good_refs),
        whole_days=list(whole_days),
        now=attempt.now,
    )
