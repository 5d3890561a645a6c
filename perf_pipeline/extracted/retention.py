"""Dropping rows about single people once nothing can change what was counted from them (DOMAIN 3.1, trap 10).

The days whose rows were dropped are frozen: they are not read again, and their counts are those that the daily tables
hold (`daily_metrics.frozen_counts`). Here: which days that is, and dropping. Not here: daily counts of the done page and of
Sirius, which are about nobody and stay (docs/decisions/0014).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.postgresql import insert

from perf_pipeline.catalogue.reporting_days import ONE_DAY, TIMEZONE, DayRange, london_day, months_later
from perf_pipeline.catalogue.windows import ROWS_KEPT_MONTHS
from perf_pipeline.orchestration.flow_assets import Fact, Written, as_markdown
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import WAREHOUSE_FACTS

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class RowSource:
    """A source that gives rows about single people: where they are kept, and what is counted from them."""

    name: str
    extract: str
    daily: tuple[str, ...]

    def fact(self, service: str) -> str:
        """Name of the warehouse's fact that holds the frozen days of a service."""
        return f"frozen_days_of_{self.name}/{service}"


ROW_SOURCES = {
    source.name: source
    for source in (
        RowSource("applications", "extracted_application_states", ("daily_completion_rate", "daily_completion_cohort")),
        RowSource("in-service", "extracted_feedback", ("daily_user_satisfaction",)),
    )
}
_SETTLED = {"applications": "settled_application_days", "in-service": "settled_in_service_days"}
_DROP = {"applications": "drop_application_states", "in-service": "drop_in_service_feedback"}


@dataclass(frozen=True)
class Dropped:
    """What one look at the old rows of a service's source came to."""

    rows: int
    frozen: DayRange | None
    """All days frozen by now."""
    held_back_by: date | None = None
    """The day, old enough, whose counts may still change, so that its rows and all later ones stay."""


def days_to_freeze(settled: Mapping[date, bool], frozen: DayRange | None) -> DayRange | None:
    """The unbroken run of settled days from the first day that was ever read; None if that one isn't.

    `settled` says, for each day old enough that the ledger knows, whether its counts are final and passed.
    """
    if not settled:
        return None
    first = day = min(settled)
    while settled.get(day, False) or (frozen is not None and day in frozen):
        day += ONE_DAY
    return DayRange(first, day - ONE_DAY) if day > first else None


def drop_old_rows(warehouse: Engine, source: RowSource, service: str, now: datetime) -> Dropped:
    """Drop the rows that belong to old and settled days alone, and freeze those days, in one transaction."""
    limit = months_later(london_day(now), -ROWS_KEPT_MONTHS)
    with transaction(warehouse) as connection:
        # Who builds a day holds its table: it either is done, or will find the day frozen.
        for dataset in (source.extract, *source.daily):
            lock_for_writing(connection, dataset)
        before = frozen_days(connection, source).get(service)
        settled = _settled(connection, source, service, limit)
        frozen = days_to_freeze(settled, before)
        if frozen is None or (before is not None and frozen.last < before.last):
            return Dropped(0, before, _first_after(frozen, settled))
        values = {"service": service, "first_kept_day": frozen.last + ONE_DAY, "timezone": TIMEZONE}
        rows = run_sql(connection, _SQL / f"{_DROP[source.name]}.sql", **values).rowcount
        _freeze(connection, source, service, frozen)
    return Dropped(rows, frozen, _first_after(frozen, settled))


def _settled(connection: Connection, source: RowSource, service: str, limit: date) -> dict[date, bool]:
    rows = run_sql(
        connection,
        _SQL / f"{_SETTLED[source.name]}.sql",
        service=service,
        datasets=[source.extract, *source.daily],
        limit_day=limit,
    )
    return {row.report_date: row.is_settled for row in rows}


def _first_after(frozen: DayRange | None, settled: Mapping[date, bool]) -> date | None:
    return min((day for day in settled if frozen is None or day > frozen.last), default=None)


def _freeze(connection: Connection, source: RowSource, service: str, days: DayRange) -> None:
    value = f"{days.first}/{days.last}"
    fact = insert(WAREHOUSE_FACTS).values(name=source.fact(service), value=value)
    connection.execute(fact.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def frozen_days(connection: Connection, source: RowSource) -> dict[str, DayRange]:
    """By service, the days whose rows were dropped; those that have none are absent."""
    facts = WAREHOUSE_FACTS.c
    prefix = source.fact("")
    found = connection.execute(select(facts.name, facts.value).where(facts.name.startswith(prefix, autoescape=True)))
    return {name.removeprefix(prefix): DayRange(*map(date.fromisoformat, value.split("/"))) for name, value in found}


def with_retention(written: Written, systems: Systems, source_name: str) -> Written:
    """Drop the old rows of every service that has the source, and tell Dagit beside what was written.

    At the end of each extraction, so that it is done in every night that builds anything.
    """
    source = ROW_SOURCES[source_name]
    dropped = {
        service.slug: drop_old_rows(systems.warehouse, source, service.slug, systems.clock())
        for service in systems.services
        if source_name in service.sources.model_dump(by_alias=True, exclude_none=True)
    }
    told = pd.DataFrame(
        [
            (service, f"{found.rows:,}", found.frozen and str(found.frozen), found.held_back_by)
            for service, found in dropped.items()
            if found.frozen or found.held_back_by
        ],
        columns=["service", "rows dropped now", "frozen days", "held back by"],
    )
    facts: dict[str, Fact] = {"old_rows_dropped": sum(found.rows for found in dropped.values())}
    if not told.empty:
        facts["retention"] = dg.MetadataValue.md(as_markdown(told))
    return replace(written, facts=written.facts | facts)
