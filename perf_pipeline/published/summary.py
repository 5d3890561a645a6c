"""The published months as a small table for a terminal."""

from sqlalchemy import Engine, text

from perf_pipeline.catalogue.services import Services
from perf_pipeline.warehouse.engine import connected

_MONTHS = text(
    """
    SELECT
        satisfaction.period_start,
        satisfaction.service,
        satisfaction.source,
        satisfaction.responses_count,
        satisfaction.headline_percent,
        satisfaction.headline_method,
        completion.cohort_completion_percent,
        take_up.digital_take_up_percent,
        satisfaction.markers AS satisfaction_markers,
        completion.markers AS completion_markers,
        take_up.markers AS take_up_markers
    FROM perf.published_user_satisfaction AS satisfaction
    LEFT JOIN perf.published_completion_rate AS completion
        ON completion.service = satisfaction.service AND completion.period_start = satisfaction.period_start
        AND completion.period = 'month' AND completion.lpa_type = 'all' AND completion.superseded_at IS NULL
    LEFT JOIN perf.published_digital_take_up AS take_up
        ON take_up.service = satisfaction.service AND take_up.period_start = satisfaction.period_start
        AND take_up.period = 'month' AND take_up.lpa_type = 'all' AND take_up.superseded_at IS NULL
    WHERE satisfaction.period = 'month' AND satisfaction.superseded_at IS NULL
    ORDER BY satisfaction.service, satisfaction.period_start, satisfaction.source
    """
)
HEADINGS = ("month", "service", "ratings from", "responses", "satisfied", "method", "completion", "take-up")


def published_months(warehouse: Engine, services: Services) -> list[tuple[str, ...]]:
    """A row of cells for each published month and service, with the ratings that its headline is made from."""
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
            for row in connection.execute(_MONTHS)
            if row.service in services and row.source == services[row.service].headline_source(row.period_start)
        ]


def _cell(percent: object, markers: str | None) -> str:
    figure = "" if percent is None else f"{percent} %"
    return f"{figure} {markers or ''}".strip()


def as_text(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Cells in columns, two blanks apart."""
    widths = [max(len(row[index]) for row in [headings, *rows]) for index in range(len(headings))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [headings, *rows])
    return "\n".join(line.rstrip() for line in lines)
