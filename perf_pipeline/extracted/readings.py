"""One reading of one source, and the ledgers of deliveries and readings.

A row of `source_deliveries` means that a source has delivered a day, even if the day is empty. A day without a row is not
known yet. Each row counts the changes of its day. The planner compares this count with the count that the day was built
from. When a source can't be read, `source_readings` records the failure and the days owed, and `source_deliveries` stays as
it is.
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
from perf_pipeline.warehouse.stand_ins import record_stand_ins
from perf_pipeline.warehouse.statements import run_sql, run_sql_for_each
from perf_pipeline.warehouse.verdicts import void_verdicts_on

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class Reading:
    """One reading of one source of one service: its days, its instant and its run."""

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
        """Subject and source: the key of the ledgers."""
        return {"subject": self.service.slug, "source_name": self.source.name}


@dataclass(frozen=True)
class DayCounts:
    """The number of rows of a day that were read: read = kept + quarantined + duplicate."""

    read: int = 0
    kept: int = 0
    quarantined: int = 0
    duplicate: int = 0
    is_short: bool = False


@dataclass(frozen=True)
class Delivery:
    """The result of merging one reading: the counts of each delivered day, and the days on which the extract changed."""

    counts: Mapping[date, DayCounts]
    changes: Mapping[date, SourceChange]


@dataclass(frozen=True)
class Merged:
    """The days that one reading changed, and the last day that the source reports as complete, if it reports one."""

    changed: frozenset[date]
    complete_up_to: date | None = None


def record_delivery(
    connection: Connection, reading: Reading, delivery: Delivery, *, is_stand_in: bool
) -> frozenset[date]:
    """Record the delivered days, in the transaction that merges their rows. Returns the days that changed.

    A day changes when it is delivered for the first time, and when it was last read before it had ended. A changed day may
    be outside the reading: an application that is read today can change the day of its start.
    """
    if is_stand_in:
        record_stand_ins(connection, [(reading.service.slug, reading.source.name)])
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
    """Record that all days of a reading were read, and the last day that the source reports as complete."""
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
    """Record that the source could not be read (`failed`) or has no address (`unset`). The days of the reading are owed."""
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
