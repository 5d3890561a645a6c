"""The OPG feed (DOMAIN 4.1): one JSON array per month and service, in the format of its existing consumer.

The consumer does not know markers. So the feed leaves out a month with a missing day, and a completion rate whose cohort
is not complete. Figures that are made from stand-ins have the notice as the last of their markers. The format has no other
optional key.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Row

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.feed_types import (
    CHANNEL,
    COMPLETION_TYPE,
    HEADLINE_TYPE,
    OPTIONAL_KEY,
    RATING_TYPES,
    TAKE_UP_TYPE,
    timestamp,
)
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.rounding import percent
from perf_pipeline.catalogue.services import FEEDS_FOLDER, Service
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.files import WrittenFile
from perf_pipeline.published.markers import letters

Month = Row[tuple[object, ...]]
Figures = dict[str, int | Decimal | None]
"""Values by dataType of the feed. Percentages have one decimal, rounded from the counts. The headline has none."""


def satisfaction_figures(row: Month) -> Figures:
    """The headline and the five counts."""
    counts = {data_type: getattr(row, column) for column, data_type in RATING_TYPES.items()}
    return {HEADLINE_TYPE: row.headline_percent, **counts}


def take_up_figures(row: Month) -> Figures:
    """Digital take-up."""
    return {TAKE_UP_TYPE: percent(row.online_count + row.assisted_count, row.total_count, decimals=1)}


def completion_figures(row: Month) -> Figures:
    """The cohort's completion rate."""
    return {COMPLETION_TYPE: percent(row.cohort_created_count, row.cohort_started_count, decimals=1)}


_FIGURES: dict[IndicatorName, Callable[[Month], Figures]] = {
    "user-satisfaction": satisfaction_figures,
    "digital-take-up": take_up_figures,
    "completion-rate": completion_figures,
}


def write_feeds(
    connection: Connection, root: Path, service: Service, demonstration: frozenset[IndicatorName] = frozenset()
) -> Iterator[WrittenFile]:
    """Write one file in `root`/feeds for each month with at least one whole public figure of the service.

    `demonstration`: the indicators whose figures are made from stand-ins.
    """
    months: dict[date, list[dict[str, object]]] = {}
    marked: set[date] = set()
    for indicator in _FIGURES:
        if service.indicators.get(indicator) == "public":
            for row in _whole_months(connection, service, indicator):
                is_demonstration = indicator in demonstration
                entries = _entries(service, indicator, row, is_demonstration=is_demonstration)
                months.setdefault(row.period_start, []).extend(entries)
                marked |= {row.period_start} if is_demonstration else set()
    (root / FEEDS_FOLDER).mkdir(parents=True, exist_ok=True)
    for month, entries in sorted(months.items()):
        path = f"{FEEDS_FOLDER}/{service.feed}_{month:%y_%m}.json"
        (root / path).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
        yield WrittenFile(path, len(entries), month in marked)


def _entries(
    service: Service, indicator: IndicatorName, row: Month, *, is_demonstration: bool
) -> list[dict[str, object]]:
    found = [*letters(row.markers), *([NOTICE] if is_demonstration else [])]
    return [
        {
            "_timestamp": timestamp(row.period_start),
            "service": service.slug,
            "channel": CHANNEL,
            "count": float(value) if isinstance(value, Decimal) else value,
            "dataType": data_type,
            "period": "month",
        }
        | ({OPTIONAL_KEY: found} if found else {})
        for data_type, value in _FIGURES[indicator](row).items()
        if value is not None
    ]


def _whole_months(connection: Connection, service: Service, indicator: IndicatorName) -> list[Month]:
    rows = [
        row
        for row in figures_as_of(connection, indicator, service.slug, "month")
        # Imported months have no counts of days.
        if row.days_included_count is not None
        and row.days_included_count == row.days_expected_count
        and Marker.NOT_AVAILABLE.value not in letters(row.markers)
    ]
    if indicator == "user-satisfaction":
        return [row for row in rows if row.source == service.headline_source(row.period_start)]
    totals = [row for row in rows if row.lpa_type == ALL]
    if indicator == "completion-rate":
        # Without its marker, the rate of a growing cohort would look like a fall.
        return [row for row in totals if Marker.PROVISIONAL.value not in letters(row.markers)]
    return totals
