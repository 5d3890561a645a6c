"""The published months as a small table for the terminal."""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.indicators import INDICATORS, Indicator
from perf_pipeline.catalogue.services import Services
from perf_pipeline.published.changes import Change
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


def published_months(
    warehouse: Engine, services: Services, months: Collection[date] | None = None
) -> list[tuple[str, ...]]:
    """One row of cells per published month and service: the ratings of its headline source, and each other headline.

    `months` limits the months to those that begin on these days.
    """
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
            if (months is None or row.period_start in months)
            and row.service in services
            and row.source == services[row.service].headline_source(row.period_start)
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


def change_lines(changes: Sequence[Change]) -> list[str]:
    """What changed, for the terminal: a line for each monthly headline that had an earlier version, and the rest counted."""
    if not changes:
        return ["No published figure has changed."]
    shown = [change for change in changes if change.period == "month" and change.is_total and not change.is_first]
    lines = as_text(("month", "service", "indicator", "before", "now"), [_change_cells(change) for change in shown])
    first = sum(change.is_first for change in changes)
    days, months = (sum(change.period == period for change in changes) for period in ("day", "month"))
    return [
        *(lines.splitlines() if shown else ()),
        f"{months:,} monthly and {days:,} daily figures have a new version, {first:,} of them the first one.",
    ]


def _change_cells(change: Change) -> tuple[str, ...]:
    title = INDICATORS[change.indicator].title.lower()
    before, now = _cell(change.before, change.markers_before), _cell(change.after, change.markers_after)
    return (
        f"{change.period_start:%Y-%m}",
        change.service,
        title if change.line == ALL else f"{title}, {change.line}",
        before or "none",
        f"{now or 'none'}{', its other columns changed' if now == before else ''}",
    )


def as_text(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """The cells in columns, separated by two blanks."""
    widths = [max(len(row[index]) for row in [headings, *rows]) for index in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [headings, *rows])
    return "\n".join(line.rstrip() for line in lines)
