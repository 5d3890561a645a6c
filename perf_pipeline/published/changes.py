"""What runs have changed in the published figures: for each version that they added, the headline before and after."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, and_, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.published.as_of import is_in_force
from perf_pipeline.warehouse.tables import TABLES


@dataclass(frozen=True)
class Change:
    """One new version of a published figure."""

    service: str
    indicator: IndicatorName
    period: str
    period_start: date
    line: str
    """The source of the ratings, or the type of LPA."""
    is_total: bool
    """Whether it is a headline, and not a part of a breakdown."""
    before: Decimal | None
    after: Decimal | None
    markers_before: str
    markers_after: str
    is_first: bool
    """Whether no version was published before it."""


def changes_of(connection: Connection, run_ids: Collection[str]) -> list[Change]:
    """The changes in force that the runs have made, by period, service and indicator."""
    found = [change for name in INDICATORS for change in _changes(connection, name, run_ids)]
    return sorted(found, key=lambda change: (change.period_start, change.service, change.indicator, change.line))


def _changes(connection: Connection, name: IndicatorName, run_ids: Collection[str]) -> Iterator[Change]:
    indicator = INDICATORS[name]
    dataset = DATASETS[indicator.published_dataset]
    new = TABLES[dataset.name]
    old = new.alias()
    if dataset.dimension is None:
        raise AssertionError("every published dataset has a dimension")
    line, total = dataset.dimension.column, dataset.dimension.total
    is_superseded = and_(
        *(old.c[column] == new.c[column] for column in dataset.identity), old.c.superseded_at == new.c.published_at
    )
    statement = (
        select(new, old.c[indicator.headline_column].label("before"), old.c.markers.label("markers_before"))
        .add_columns(old.c.run_id.is_(None).label("is_first"))
        .join_from(new, old, is_superseded, isouter=True)
        .where(new.c.run_id.in_(run_ids), is_in_force(dataset.name, None))
    )
    for row in connection.execute(statement).mappings():
        yield Change(
            service=row["service"],
            indicator=name,
            period=row["period"],
            period_start=row["period_start"],
            line=row[line],
            is_total=total in (None, row[line]),
            before=row["before"],
            after=row[indicator.headline_column],
            markers_before=row["markers_before"] or "",
            markers_after=row["markers"],
            is_first=row["is_first"],
        )
