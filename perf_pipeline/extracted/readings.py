"""One reading of one source, and the ledger of what was delivered.

A row of `source_deliveries` says that a source has delivered a day, nothing on it included; a day without a row is not known
yet. Each row counts its changes, and that count is what the planner compares with what a day was built from. A source that
can't be read delivers nothing and takes nothing back: the failure is recorded in `source_readings`, with the days owed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, last_ended_day, start_of
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.sources import Source
from perf_pipeline.source_bounds import Deadline
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.statements import run_sql, run_sql_for_each
from perf_pipeline.warehouse.verdicts import void_verdicts_on

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Reading:
    """One reading of one source of one service: which days, when, in which run."""

    systems: Systems
    service: Service
    source: Source
    address: str
    days: DayRange
    now: datetime
    run_id: str
    deadline: Deadline

    @property
    def key(self) -> dict[str, str]:
        """Subject and source, as the ledgers are keyed."""
        return {"subject": self.service.slug, "source_name": self.source.name}


@dataclass(frozen=True)
class DayCounts:
    """What became of the rows that a source gave for a day: read = kept + quarantined + duplicate."""

    read: int = 0
    kept: int = 0
    quarantined: int = 0
    duplicate: int = 0
    is_short: bool = False


@dataclass(frozen=True)
class Delivery:
    """What one reading brought: the counts of each day that arrived, and the days on which it changed what is held."""

    counts: Mapping[date, DayCounts]
    changes: Mapping[date, SourceChange]


@dataclass(frozen=True)
class Merged:
    """What one reading changed: the days, and the last day that the source itself calls complete, where it says so."""

    changed: frozenset[date]
    complete_up_to: date | None = None


def record_delivery(connection: Connection, reading: Reading, delivery: Delivery) -> frozenset[date]:
    """Record the days that arrived, in the transaction that merges their rows; the days that changed.

    A day that is delivered for the first time has changed, and so has one that was last read before it had ended. Changed
    days outside the reading are known already: an application read today can change the day on which it was started.
    """
    changed = dict(delivery.changes)
    held = _delivered_before(connection, reading, {*delivery.counts, *changed})
    for day in delivery.counts:
        delivered_at = held.get(day)
        if delivered_at is None:
            changed[day] = SourceChange.DELIVERED
        elif delivered_at < start_of(day + ONE_DAY) <= reading.now:
            changed.setdefault(day, SourceChange.NEW_ROWS)
    run_sql_for_each(
        connection,
        _SQL / "record_delivery.sql",
        [
            {
                **reading.key,
                "period_start": day,
                "change": changed[day].value if day in changed else SourceChange.DELIVERED.value,
                "is_changed": day in changed,
                "now": reading.now,
                "is_short": counts.is_short,
                "rows_read_count": counts.read,
                "rows_kept_count": counts.kept,
                "rows_quarantined_count": counts.quarantined,
                "rows_duplicate_count": counts.duplicate,
                "run_id": reading.run_id,
            }
            for day, counts in delivery.counts.items()
        ],
    )
    elsewhere = {day for day in changed if day in held and day not in delivery.counts}
    run_sql_for_each(
        connection,
        _SQL / "note_change.sql",
        [
            {**reading.key, "period_start": day, "change": changed[day].value, "now": reading.now}
            for day in sorted(elsewhere)
        ],
    )
    known = frozenset(day for day in changed if day in held or day in delivery.counts)
    void_verdicts_on(connection, reading.source.extract, reading.service.slug, known)
    return known


def _delivered_before(connection: Connection, reading: Reading, days: set[date]) -> dict[date, datetime]:
    rows = run_sql(connection, _SQL / "delivered_before.sql", **reading.key, days=sorted(days))
    return {row.period_start: row.delivered_at for row in rows}


def record_success(connection: Connection, reading: Reading, complete_up_to: date | None) -> None:
    """Record that all days of a reading were read, and the last day that the source itself calls complete."""
    run_sql(
        connection,
        _SQL / "record_success.sql",
        **reading.key,
        asked_from=reading.days.first,
        asked_to=reading.days.last,
        newest_day=last_ended_day(reading.now),
        now=reading.now,
        run_id=reading.run_id,
        complete_up_to=complete_up_to,
    )


def record_failure(
    connection: Connection, reading: Reading, *, outcome: str = "failed", failure: str | None = None
) -> None:
    """Record that the source could not be read (`failed`) or that its address is not set (`unset`): its days are owed."""
    run_sql(
        connection,
        _SQL / "record_failure.sql",
        **reading.key,
        outcome=outcome,
        failure=failure,
        asked_from=reading.days.first,
        now=reading.now,
        run_id=reading.run_id,
    )
