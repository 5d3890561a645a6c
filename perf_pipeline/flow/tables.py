"""Small frames and schemas as Dagit shows them: inline tables, with types that it knows an icon for."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from numbers import Integral, Real

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.columns import COLUMNS, Column, ColumnType

_DAGSTER_TYPES: Mapping[ColumnType, str] = {
    ColumnType.NAME: "string",
    ColumnType.TEXT: "text",
    ColumnType.DAY: "date",
    ColumnType.INSTANT: "timestamp",
    ColumnType.COUNT: "int",
    ColumnType.PERCENT: "decimal",
    ColumnType.HEADLINE: "int",
    ColumnType.FLAG: "bool",
    ColumnType.HASH: "uuid",
    ColumnType.MARKERS: "string",
    ColumnType.JSON: "text",
}


def column_schema(columns: Iterable[Column]) -> dg.TableSchema:
    """Columns as Dagit shows them: Dagster's word for the type, and ours."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                _type(column),
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.is_required),
            )
            for column in columns
        ]
    )


def as_table(frame: pd.DataFrame) -> dg.MetadataValue:
    """A small frame as an inline table. Missing values are empty cells."""
    names = [str(column) for column in frame.columns]
    records = [dict(zip(names, map(_cell, row), strict=True)) for row in frame.itertuples(index=False, name=None)]
    schema = dg.TableSchema(
        [dg.TableColumn(name, _type(COLUMNS[name]) if name in COLUMNS else "string") for name in names]
    )
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema)


def _type(column: Column) -> str:
    ours, known = column.type.value, _DAGSTER_TYPES[column.type]
    return known if ours == known else f"{known} ({ours})"


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Decimal | Real):
        return float(value)
    return value.isoformat() if isinstance(value, date) else str(value)
