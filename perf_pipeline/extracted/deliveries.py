"""The ledger of deliveries: which source gave what for which day, or why not.

It tells a day on which nothing happened (delivered, no rows) from a day not yet known. A failed attempt never takes back
an earlier delivery: the day keeps its last good figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import extract_of
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.statements import run_sql_for_each
from perf_pipeline.warehouse.verdicts import void_verdicts

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Attempt:
    """One reading of one source: who, which days, when, in which run."""

    service: str
    source_name: str
    days: DayRange
    now: datetime
    run_id: str


@dataclass(frozen=True)
class DayCounts:
    """What became of the rows that a source gave for a day: read = kept + quarantined + duplicate."""

    read: int = 0
    kept: int = 0
    quarantined: int = 0
    duplicate: int = 0
    is_short: bool = False


def record_delivery(
    connection: Connection,
    attempt: Attempt,
    delivered: Mapping[date, DayCounts],
    *,
    complete_up_to: date | None = None,
) -> None:
    """Note the days that arrived; days of the range that did not are waiting.

    `complete_up_to` is the last day that the source itself calls complete, where it says so.
    """
    _record(
        connection,
        attempt,
        [
            ("waiting", None, day, DayCounts()) if day not in delivered else ("delivered", None, day, delivered[day])
            for day in attempt.days
        ],
        complete_up_to,
    )


def record_no_delivery(connection: Connection, attempt: Attempt, outcome: str, failure: str | None = None) -> None:
    """Note that no day of the range arrived: outcome `failed` with its reason, or `unset`."""
    _record(connection, attempt, [(outcome, failure, day, DayCounts()) for day in attempt.days])


def _record(
    connection: Connection,
    attempt: Attempt,
    days: list[tuple[str, str | None, date, DayCounts]],
    complete_up_to: date | None = None,
) -> None:
    void_verdicts(connection, extract_of(attempt.source_name), attempt.days, [attempt.service])
    run_sql_for_each(
        connection,
        _SQL / "record_delivery.sql",
        [
            {
                "service": attempt.service,
                "source_name": attempt.source_name,
                "report_date": day,
                "outcome": outcome,
                "failure": failure,
                "attempted_at": attempt.now,
                "is_short": counts.is_short,
                "rows_read_count": counts.read,
                "rows_kept_count": counts.kept,
                "rows_quarantined_count": counts.quarantined,
                "rows_duplicate_count": counts.duplicate,
                "run_id": attempt.run_id,
                "complete_up_to": complete_up_to,
            }
            for outcome, failure, day, counts in days
        ],
    )
