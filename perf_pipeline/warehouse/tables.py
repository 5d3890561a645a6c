"""The tables of schema `perf`, made from the catalogue. A test checks that the migrations give the same tables."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from perf_pipeline.catalogue.columns import Column as CatalogueColumn
from perf_pipeline.catalogue.columns import ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage

SCHEMA = "perf"
METADATA = MetaData(schema=SCHEMA)

_SQL_TYPES: dict[ColumnType, TypeEngine[Any]] = {
    ColumnType.NAME: Text(),
    ColumnType.TEXT: Text(),
    ColumnType.DAY: Date(),
    ColumnType.INSTANT: DateTime(timezone=True),
    ColumnType.COUNT: BigInteger(),
    ColumnType.PERCENT: Numeric(9, 2),
    ColumnType.HEADLINE: Integer(),
    ColumnType.FLAG: Boolean(),
    ColumnType.HASH: Uuid(),
    ColumnType.MARKERS: Text(),
    ColumnType.JSON: JSONB(),
}

_FILLFACTOR = {"extracted_application_states": 50}
"""A row that is read again is updated. With free space on its page the update does not change the indexes."""


def _sql_column(column: CatalogueColumn) -> Column[Any]:
    kind = _SQL_TYPES[column.type]
    return Column(column.name, kind, nullable=not column.is_required, comment=column.description)


def _table(dataset: Dataset) -> Table:
    table = Table(
        dataset.name,
        METADATA,
        *(_sql_column(column) for column in dataset.columns),
        PrimaryKeyConstraint(*dataset.key, name=f"{dataset.name}_pkey"),
        comment=f"{dataset.description} Grain: {dataset.grain}.",
        postgresql_with={"fillfactor": _FILLFACTOR[dataset.name]} if dataset.name in _FILLFACTOR else None,
    )
    for day_column in dataset.day_columns:
        if dataset.key[:2] not in (("service", day_column), ("subject", day_column)):
            Index(f"{dataset.name}_by_{day_column}", table.c[day_column])
    if dataset.stage is Stage.PUBLISHED and "superseded_at" in table.c:
        identity = [table.c[name] for name in dataset.identity]
        # Files and pages read a series by this index: some or all days or months of a service.
        Index(f"{dataset.name}_by_series", table.c.service, table.c.period, table.c.period_start)
        in_force = table.c.superseded_at.is_(None)
        Index(f"{dataset.name}_one_in_force", *identity, unique=True, postgresql_where=in_force)
    return table


TABLES: dict[str, Table] = {dataset.name: _table(dataset) for dataset in DATASETS.values()}

WAREHOUSE_FACTS = Table(
    "warehouse_facts",
    METADATA,
    Column("name", Text(), nullable=False, comment="What the fact is about."),
    Column("value", Text(), nullable=False, comment="What is true of it."),
    PrimaryKeyConstraint("name", name="warehouse_facts_pkey"),
    CheckConstraint("name <> ''", name="warehouse_facts_are_named"),
    comment="Facts about the warehouse itself, such as the fingerprint of the key that its hashes were made with.",
)
