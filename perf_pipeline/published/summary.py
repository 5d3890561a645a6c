"""The published months as a small table for the terminal."""

from pathlib import Path

from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Services
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
HEADINGS = ("month", "service", "ratings from", "responses", "satisfied", "method", "completion", "take-up")


def published_months(warehouse: Engine, services: Services) -> list[tuple[str, ...]]:
    """One row of cells per published month and service, with the ratings of its headline source."""
    with connected(warehouse) as connection:
        return [
            (
                f"{row.period_start:%Y-%m}",
                row.service,
                row.source,
                "" if row.responses_count is None else f"{row.responses_count:,}",
                _cell(row.headline_percent, row.satisfaction_markers),
                row.headline_method or "",
                _cell(row.cohort_completion_percent, row.completion_markers),
                _cell(row.digital_take_up_percent, row.take_up_markers),
            )
            for row in run_sql(connection, _SQL / "published_months.sql")
            if row.service in services and row.source == services[row.service].headline_source(row.period_start)
        ]


def _cell(percent: object, markers: str | None) -> str:
    figure = "" if percent is None else f"{percent} %"
    return f"{figure} {markers or ''}".strip()


def as_text(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The cells in columns, separated by two blanks."""
    widths = [max(len(row[index]) for row in [headings, *rows]) for index in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [headings, *rows])
    return "\n".join(line.rstrip() for line in lines)
