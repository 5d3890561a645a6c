"""The dataset files of a release (DOMAIN 4.2): CSV and JSON, a pair for each service, indicator and period."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, collate, select

from perf_pipeline.catalogue.columns import ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, MONTH_COUNTS, VERSION_COLUMNS, Dataset
from perf_pipeline.catalogue.metrics import METRICS, Indicator
from perf_pipeline.published.markers import letters
from perf_pipeline.warehouse.tables import TABLES

PERIODS = {"daily": "day", "monthly": "month"}


@dataclass(frozen=True)
class WrittenFile:
    """A file of the release, by its path within it."""

    path: str
    rows: int


def file_columns(dataset: Dataset, period: str) -> list[str]:
    """The columns of a dataset's files, in their order."""
    left_out = VERSION_COLUMNS if period == "month" else (*VERSION_COLUMNS, *MONTH_COUNTS)
    return [name for name in dataset.column_names if name not in left_out]


def write_dataset_files(
    connection: Connection, root: Path, service: str, indicator: Indicator
) -> Iterator[WrittenFile]:
    """Write the four files of one indicator of one service below `root`."""
    dataset = DATASETS[METRICS[indicator].published_dataset]
    (root / service).mkdir(parents=True, exist_ok=True)
    for name, period in PERIODS.items():
        columns = file_columns(dataset, period)
        rows = figures_in_force(connection, dataset, service, period, columns)
        path = f"{service}/{indicator}-{name}"
        _write_csv(root / f"{path}.csv", columns, rows)
        _write_json(root / f"{path}.json", dataset, columns, rows)
        yield WrittenFile(f"{path}.csv", len(rows))
        yield WrittenFile(f"{path}.json", len(rows))


def figures_in_force(
    connection: Connection, dataset: Dataset, service: str, period: str, columns: Sequence[str]
) -> list[tuple[object, ...]]:
    """The published figures that nothing superseded, in the order of their key, C collation."""
    table = TABLES[dataset.name]
    dimension = dataset.identity[-1]
    statement = (
        select(*(table.c[name] for name in columns))
        .where(table.c.service == service, table.c.period == period, table.c.superseded_at.is_(None))
        .order_by(table.c.period_start, collate(table.c[dimension], "C"))
    )
    return [tuple(row) for row in connection.execute(statement)]


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _write_json(path: Path, dataset: Dataset, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    types = {column.name: column.type for column in dataset.columns}
    records = [
        {name: _json_value(types[name], value) for name, value in zip(columns, row, strict=True)} for row in rows
    ]
    path.write_text(json.dumps(records, ensure_ascii=False, indent=0, default=str) + "\n", encoding="utf-8")


def _json_value(kind: ColumnType, value: object) -> object:
    if kind is ColumnType.MARKERS:
        return letters(str(value))
    return float(value) if isinstance(value, Decimal) else value
