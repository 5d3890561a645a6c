"""The published months as a small table for the terminal."""

from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.indicators import INDICATORS, Indicator
from perf_pipeline.catalogue.services import Services
from perf_pipeline.published.demonstration import demonstrated, notice_on
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"
_SHARES = [indicator for name, indicator in INDICATORS.items() if name != "user-satisfaction"]
HEADINGS = (
    *("month", "service", "ratings from", "responses", "satisfied", "method"),
    *(indicator.title.lower() for indicator in _SHARES),
)


def published_months(warehouse: Engine, services: Services) -> list[tuple[str, ...]]:
    """One row of cells per published month and service: the ratings of its headline source, and each other headline."""
    with connected(warehouse) as connection:
        shares = [_totals(connection, indicator) for indicator in _SHARES]
        return [
            (
                f"{row.period_start:%Y-%m}",
                row.service,
                row.source,
                "" if row.responses_count is None else f"{row.responses_count:,}",
                _cell(row.headline_percent, row.markers),
                row.headline_method or "",
                *(totals.get((row.service, row.period_start), "") for totals in shares),
            )
            for row in run_sql(connection, _SQL / "published_months.sql")
            if row.service in services and row.source == services[row.service].headline_source(row.period_start)
        ]


def demonstration_notice(warehouse: Engine, services: Services) -> str | None:
    """The line under the table if figures in it are made from stand-ins. None if there are none."""
    with connected(warehouse) as connection:
        return notice_on(demonstrated(connection), services)


def _totals(connection: Connection, indicator: Indicator) -> dict[tuple[str, date], str]:
    """The cells of an indicator by service and month, of the row that sums the others."""
    dataset = DATASETS[indicator.published_dataset]
    table = TABLES[dataset.name].c
    statement = select(table.service, table.period_start, table[indicator.headline_column], table.markers).where(
        table.period == "month", table.superseded_at.is_(None)
    )
    if dataset.dimension and dataset.dimension.total:
        statement = statement.where(table[dataset.dimension.column] == dataset.dimension.total)
    return {
        (service, month): _cell(percent, markers) for service, month, percent, markers in connection.execute(statement)
    }


def _cell(percent: object, markers: str | None) -> str:
    figure = "" if percent is None else f"{percent} %"
    return f"{figure} {markers or ''}".strip()


def as_text(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The cells in columns, separated by two blanks."""
    widths = [max(len(row[index]) for row in [headings, *rows]) for index in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [headings, *rows])
    return "\n".join(line.rstrip() for line in lines)
