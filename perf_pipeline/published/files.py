"""The files of a release: CSV and JSON for each service, indicator and period (DOMAIN 4.2), and the revision log."""

import csv
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Text, collate, select

from perf_pipeline.catalogue.columns import ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, MONTH_COUNTS, PERIODS, VERSION_COLUMNS, Dataset
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.markers import letters
from perf_pipeline.warehouse.tables import TABLES

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class WrittenFile:
    """A file of the release, with its path inside the release."""

    path: str
    rows: int
    is_demonstration: bool = False


def file_columns(dataset: Dataset, period: str) -> list[str]:
    """The columns of a dataset's files, in their order."""
    left_out = VERSION_COLUMNS if period == "month" else (*VERSION_COLUMNS, *MONTH_COUNTS)
    return [name for name in dataset.column_names if name not in left_out]


def write_dataset_files(
    connection: Connection, root: Path, service: str, indicator: IndicatorName, *, is_demonstration: bool = False
) -> Iterator[WrittenFile]:
    """Write the four files of one indicator of one service below `root`."""
    dataset = DATASETS[INDICATORS[indicator].published_dataset]
    (root / service).mkdir(parents=True, exist_ok=True)
    for name, period in PERIODS.items():
        columns = file_columns(dataset, period)
        rows = figures_as_of(connection, indicator, service, period, columns=columns)
        path = f"{service}/{indicator}-{name}"
        yield from _write_pair(root, path, dataset, columns, rows, is_demonstration=is_demonstration)


def write_revision_log(
    connection: Connection,
    root: Path,
    service: str,
    indicators: Collection[IndicatorName],
    *,
    is_demonstration: bool = False,
) -> Iterator[WrittenFile]:
    """Write every change of a published value of the service, as a pair of files below `root`."""
    dataset, table = DATASETS["revision_log"], TABLES["revision_log"]
    key = [table.c[name] for name in dataset.key]
    statement = (
        select(*(table.c[name] for name in dataset.column_names))
        .where(table.c.subject == service, table.c.indicator.in_(indicators))
        .order_by(*(collate(column, "C") if isinstance(column.type, Text) else column for column in key))
    )
    (root / service).mkdir(parents=True, exist_ok=True)
    rows = list(connection.execute(statement))
    columns = ["service" if name == "subject" else name for name in dataset.column_names]
    yield from _write_pair(root, f"{service}/revisions", dataset, columns, rows, is_demonstration=is_demonstration)


def _write_pair(
    root: Path,
    path: str,
    dataset: Dataset,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    is_demonstration: bool,
) -> Iterator[WrittenFile]:
    _write_csv(root / f"{path}.csv", dataset, columns, rows)
    _write_json(root / f"{path}.json", dataset, columns, rows)
    yield WrittenFile(f"{path}.csv", len(rows), is_demonstration)
    yield WrittenFile(f"{path}.json", len(rows), is_demonstration)


def _write_csv(path: Path, dataset: Dataset, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    words = {column.name for column in dataset.columns if column.type is ColumnType.TEXT}
    is_words = [name in words for name in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(
            [
                _no_formula(value) if text else _with_iso_instant(value)
                for value, text in zip(row, is_words, strict=True)
            ]
            for row in rows
        )


def _no_formula(value: object) -> object:
    """The value, with an apostrophe in front if a spreadsheet would read it as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _write_json(path: Path, dataset: Dataset, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    types = {column.name: column.type for column in dataset.columns}
    records = [
        {name: _json_value(types.get(name, ColumnType.NAME), value) for name, value in zip(columns, row, strict=True)}
        for row in rows
    ]
    path.write_text(json.dumps(records, ensure_ascii=False, indent=0, default=str) + "\n", encoding="utf-8")


def _json_value(kind: ColumnType, value: object) -> object:
    if kind is ColumnType.MARKERS:
        return letters(str(value))
    return float(value) if isinstance(value, Decimal) else _with_iso_instant(value)


def _with_iso_instant(value: object) -> object:
    """An instant in ISO 8601, any other value as it is."""
    return value.isoformat() if isinstance(value, datetime) else value
