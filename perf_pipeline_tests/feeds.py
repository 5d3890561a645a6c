"""An OPG feed file for tests: published months of Make an LPA."""

import json
from pathlib import Path
from typing import Any

from perf_pipeline.demo.published_months import PUBLISHED_MONTHS

Entry = dict[str, Any]
DATA_TYPES = ("very-satisfied", "satisfied", "neither", "dissatisfied", "very-dissatisfied")
SERIES = (*DATA_TYPES, "user-satisfaction-percent", "digital-take-up")
"""The dataTypes of each month, in the order of its entries."""
MONTHS = ("2026-02", "2026-03", "2026-04", "2026-05")
"""The months of the clean file: two under each method."""


def entry(day: str, data_type: str, count: object, **other: object) -> Entry:
    """One valid entry of a monthly file, except for what the test changes."""
    written = {"_timestamp": f"{day}T00:00:00+00:00", "service": "make-a-lpa", "channel": "digital"}
    return written | {"count": count, "dataType": data_type, "period": "month"} | other


def month_entries(month: str, take_up: object) -> list[Entry]:
    """The entries of a month as published, with its take-up in another form."""
    published = PUBLISHED_MONTHS[month]
    counts = (*published.ratings, published.headline_percent, take_up)
    return [entry(f"{month}-01", data_type, count) for data_type, count in zip(SERIES, counts, strict=True)]


def clean_feed() -> list[Entry]:
    """Entries of the four months, seven a month, in the order of `SERIES`, without a fault; the test may change them."""
    return [found for month in MONTHS for found in month_entries(month, float(PUBLISHED_MONTHS[month].take_up_percent))]


def place_of(month: str, data_type: str) -> int:
    """Where an entry of the clean file is, counted from 0."""
    return MONTHS.index(month) * len(SERIES) + SERIES.index(data_type)


def save_feed(folder: Path, entries: object) -> Path:
    """A file that holds the entries."""
    path = folder / "feed.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path
