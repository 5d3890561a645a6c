"""Reads the published figures that were in force at an instant. Files, commands and pages all use this module."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, collate, func, or_, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.tables import TABLES


def figures_as_of(
    connection: Connection,
    indicator: IndicatorName,
    subject: str,
    period: str,
    instant: datetime | None = None,
    *,
    columns: Sequence[str] | None = None,
    starting_in: DayRange | None = None,
) -> list[Row[tuple[object, ...]]]:
    """The figures of a series in force at `instant`, by default now, ordered by their key in C collation.

    `period` is `day` or `month`. `starting_in` limits the first days of the periods. A version is in force from the
    instant at which it was published until the instant at which the next version was published.
    """
    dataset = DATASETS[INDICATORS[indicator].published_dataset]
    table = TABLES[dataset.name]
    dimension = [dataset.dimension.column] if dataset.dimension else []
    conditions = [table.c[dataset.subject] == subject, table.c.period == period, is_in_force(dataset.name, instant)]
    if starting_in is not None:
        conditions.append(table.c.period_start.between(starting_in.first, starting_in.last))
    statement = (
        select(*(table.c[name] for name in columns or dataset.column_names))
        .where(*conditions)
        .order_by(table.c.period_start, *(collate(table.c[name], "C") for name in dimension))
    )
    return list(connection.execute(statement))


def first_published_at(
    connection: Connection, indicators: Iterable[IndicatorName], subjects: Collection[str], period: str
) -> datetime | None:
    """When the first of these figures was published; None when none ever was. `period` is `day` or `month`."""
    tables = [TABLES[INDICATORS[name].published_dataset].c for name in indicators]
    firsts = [
        connection.execute(
            select(func.min(table.published_at)).where(table.service.in_(subjects), table.period == period)
        ).scalar()
        for table in tables
    ]
    return min((first for first in firsts if first is not None), default=None)


def is_in_force(dataset: str, instant: datetime | None) -> ColumnElement[bool]:
    """The SQL condition that a version is in force at `instant`, or now when it is None."""
    table = TABLES[dataset]
    if instant is None:
        return table.c.superseded_at.is_(None)
    return and_(table.c.published_at <= instant, or_(table.c.superseded_at.is_(None), table.c.superseded_at > instant))
