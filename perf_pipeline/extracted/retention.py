"""Drops rows about single people when the counts from these rows are final (DOMAIN 3.1, trap 10).

The days whose rows are dropped are frozen. They are not read again. Their counts are kept in a table of frozen counts, from
which the daily tables can be built again. Daily counts of the done page and of Sirius are not about single people and stay
(docs/decisions/0014).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, union

from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.reporting_days import ONE_DAY, TIMEZONE, DayRange, london_day, months_later
from perf_pipeline.catalogue.sources import Source
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_FOLDER = Path(__file__).parent
_SETTLED = _FOLDER / "sql" / "settled_days.sql"


@dataclass(frozen=True)
class _Retained:
    """The SQL that freezes the counts of a source and drops its rows, and the table of its frozen counts."""

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
    """The result of dropping old rows of a service's source."""

    rows: int
    frozen: DayRange | None
    """All frozen days."""
    held_back_by: date | None = None
    """The first old day whose counts may still change. The rows of this day and of all later days stay."""


def days_to_freeze(settled: Mapping[date, bool], frozen: DayRange | None) -> DayRange | None:
    """The settled days without a gap, from the first day that was ever read. None if the first day is not settled.

    `settled` has each delivered day that is old enough, and whether its counts are final and passed their checks.
    """
    if not settled:
        return frozen
    first = day = min(settled) if frozen is None else min(frozen.first, *settled)
    while settled.get(day, False) or (frozen is not None and day in frozen):
        day += ONE_DAY
    return DayRange(first, day - ONE_DAY) if day > first else None


def drop_old_rows(systems: Systems, source: Source, service: str, now: datetime) -> Dropped:
    """Freeze the counts of old, settled days and drop the rows that belong only to them, in one transaction."""
    assert source.rows_kept_months is not None  # noqa: S101 - the caller passes only such sources
    limit = months_later(london_day(now), -source.rows_kept_months)
    retained, daily = _RETAINED[source.name], _daily_datasets(source)
    with transaction(systems.warehouse) as connection:
        # A concurrent build holds these locks, so it has either finished or will find the day frozen.
        for dataset in (source.extract, *(entry.name for entry in daily)):
            lock_for_writing(connection, dataset)
        before = frozen_days(connection, source).get(service)
        settled = _settled(connection, source, daily, service, limit)
        frozen = days_to_freeze(settled, before)
        if frozen is None or (before is not None and frozen.last <= before.last):
            return Dropped(0, before, _first_after(before, settled))
        values = {"service": service, "first_kept_day": frozen.last + ONE_DAY, "timezone": TIMEZONE}
        new_from = frozen.first if before is None else before.last + ONE_DAY
        run_sql(
            connection,
            retained.sql / "freeze_counts.sql",
            service=service,
            source_name=source.name,
            first_day=new_from,
            last_day=frozen.last,
        )
        rows = run_sql(connection, retained.sql / "drop_rows.sql", **values).rowcount
    return Dropped(rows, frozen, _first_after(frozen, settled))


def _daily_datasets(source: Source) -> list[Dataset]:
    return [
        entry
        for entry in DATASETS.values()
        if entry.stage is Stage.DAILY_METRICS and entry.indicator in source.indicators
    ]


def _settled(
    connection: Connection, source: Source, daily: list[Dataset], service: str, limit: date
) -> dict[date, bool]:
    """The old days that the source has delivered, and whether their counts can no longer change."""
    provisional = union(
        *(
            select(table.c.report_date).where(
                table.c.service == service,
                table.c.report_date < limit,
                table.c.is_provisional,
                *([table.c.source == source.name] if "source" in table.c else []),
            )
            for table in (TABLES[entry.name] for entry in daily)
        )
    )
    open_days = set(connection.execute(provisional).scalars())
    rows = run_sql(
        connection,
        _SETTLED,
        subject=service,
        source_name=source.name,
        datasets=[entry.name for entry in daily],
        limit_day=limit,
    )
    return {row.period_start: row.is_built and row.period_start not in open_days for row in rows}


def _first_after(frozen: DayRange | None, settled: Mapping[date, bool]) -> date | None:
    return min((day for day in settled if frozen is None or day > frozen.last), default=None)


def frozen_days(connection: Connection, source: Source) -> dict[str, DayRange]:
    """The frozen days of each service. Services without frozen days are absent."""
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
