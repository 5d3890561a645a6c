"""Drops rows about single people once nothing can change what was counted from them (DOMAIN 3.1, trap 10).

The days whose rows are dropped are frozen: they are not read again, and their counts are kept in a table beside the extract,
from which the daily tables are built like from any other rows. Daily counts of the done page and of Sirius are about nobody
and stay (docs/decisions/0014).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, Table, func, select

from perf_pipeline.catalogue.datasets import Dataset, Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import ONE_DAY, TIMEZONE, DayRange, london_day, months_later
from perf_pipeline.catalogue.sources import Source, sources_for
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_FOLDER = Path(__file__).parent
_SETTLED = _FOLDER / "sql" / "settled_days.sql"


@dataclass(frozen=True)
class _Retained:
    """Where the rows of a source are kept, and where their counts are once the rows are dropped."""

    sql: Path
    """The folder of `freeze_counts.sql` and `drop_rows.sql`."""
    frozen: str
    """The dataset of the frozen counts."""


_RETAINED = {
    "applications": _Retained(_FOLDER / "applications" / "sql", "frozen_application_counts"),
    "in-service": _Retained(_FOLDER / "in_service" / "sql", "frozen_feedback_counts"),
}


@dataclass(frozen=True)
class Dropped:
    """What one look at the old rows of a service's source came to."""

    rows: int
    frozen: DayRange | None
    """All days frozen by now."""
    held_back_by: date | None = None
    """The old day whose counts may still change, so that its rows and all later ones stay."""


def days_to_freeze(settled: Mapping[date, bool], frozen: DayRange | None) -> DayRange | None:
    """The unbroken run of settled days from the first day that was ever read; None if that one isn't settled.

    `settled` says, for each delivered day that is old enough, whether its counts are final and passed.
    """
    if not settled:
        return frozen
    first = day = min(settled) if frozen is None else min(frozen.first, *settled)
    while settled.get(day, False) or (frozen is not None and day in frozen):
        day += ONE_DAY
    return DayRange(first, day - ONE_DAY) if day > first else None


def drop_old_rows(systems: Systems, source: Source, service: str, now: datetime) -> Dropped:
    """Freeze the counts of old and settled days and drop the rows that belong to them alone, in one transaction."""
    assert source.rows_kept_months is not None  # noqa: S101 - the caller asks only for such sources
    limit = months_later(london_day(now), -source.rows_kept_months)
    retained, daily = _RETAINED[source.name], _daily_datasets(source)
    with transaction(systems.warehouse) as connection:
        # A concurrent build holds these locks, so it has either finished or will find the day frozen.
        for dataset in (source.extract, *(entry.name for entry in daily)):
            lock_for_writing(connection, dataset)
        before = frozen_days(connection, source).get(service)
        settled = _settled(connection, source, daily, service, limit)
        frozen = days_to_freeze(settled, before)
        if frozen is None or frozen == before or (before is not None and frozen.last < before.first):
            return Dropped(0, before, _first_after(before, settled))
        values = {"service": service, "source_name": source.name, "first_day": frozen.first, "last_day": frozen.last}
        run_sql(connection, retained.sql / "freeze_counts.sql", **values)
        first_kept = {"service": service, "first_kept_day": frozen.last + ONE_DAY, "timezone": TIMEZONE}
        rows = run_sql(connection, retained.sql / "drop_rows.sql", **first_kept).rowcount
    return Dropped(rows, frozen, _first_after(frozen, settled))


def _daily_datasets(source: Source) -> list[Dataset]:
    return [
        entry
        for entry in datasets_of(Stage.DAILY_METRICS).values()
        if entry.indicator and source.name in sources_for(entry.indicator)
    ]


def _settled(
    connection: Connection, source: Source, daily: list[Dataset], service: str, limit: date
) -> dict[date, bool]:
    """The old days that the source has delivered, and whether their counts can no longer change."""
    final = set.intersection(*(_final_days(connection, source, TABLES[entry.name], service, limit) for entry in daily))
    rows = run_sql(
        connection,
        _SETTLED,
        subject=service,
        source_name=source.name,
        datasets=[entry.name for entry in daily],
        limit_day=limit,
    )
    return {row.period_start: row.is_built and row.period_start in final for row in rows}


def _final_days(connection: Connection, source: Source, table: Table, service: str, limit: date) -> set[date]:
    """The old days whose figures are there and final."""
    statement = select(table.c.report_date).where(table.c.service == service, table.c.report_date < limit)
    if "source" in table.c:
        statement = statement.where(table.c.source == source.name)
    statement = statement.group_by(table.c.report_date).having(~func.bool_or(table.c.is_provisional))
    return set(connection.execute(statement).scalars())


def _first_after(frozen: DayRange | None, settled: Mapping[date, bool]) -> date | None:
    return min((day for day in settled if frozen is None or day > frozen.last), default=None)


def frozen_days(connection: Connection, source: Source) -> dict[str, DayRange]:
    """By service, the days whose rows were dropped; services that have none are absent."""
    retained = _RETAINED.get(source.name)
    if retained is None:
        return {}
    table = TABLES[retained.frozen]
    statement = select(table.c.service, func.min(table.c.report_date), func.max(table.c.report_date)).group_by(
        table.c.service
    )
    if "source" in table.c:
        statement = statement.where(table.c.source == source.name)
    return {service: DayRange(first, last) for service, first, last in connection.execute(statement)}
