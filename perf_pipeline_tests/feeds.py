"""An OPG feed file for tests: four published months of Make an LPA, two under each method, without a fault."""

import json
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
DATA_TYPES = ("very-satisfied", "satisfied", "neither", "dissatisfied", "very-dissatisfied")
MONTHS = {
    # month: five counts, headline, take-up
    "2026-02": (9781, 5190, 1183, 278, 380, 85, 42.5),
    "2026-03": (11620, 6044, 1380, 244, 302, 86, 42),
    "2026-04": (8731, 4593, 1098, 211, 262, 89, 40.9),
    "2026-05": (8600, 4386, 1054, 192, 250, 90, 38.3),
}
SERIES = (*DATA_TYPES, "user-satisfaction-percent", "digital-take-up")
"""The dataTypes of each month, in the order of its entries."""


def entry(day: str, data_type: str, count: object, **other: object) -> Entry:
    """One sound entry of a monthly file, but for what the test says otherwise."""
    written = {"_timestamp": f"{day}T00:00:00+00:00", "service": "make-a-lpa", "channel": "digital"}
    return written | {"count": count, "dataType": data_type, "period": "month"} | other


def clean_feed() -> list[Entry]:
    """Entries of the four months, seven a month, in the order of `SERIES`; the test may change them."""
    return [
        entry(f"{month}-01", data_type, count)
        for month, counts in MONTHS.items()
        for data_type, count in zip(SERIES, counts, strict=True)
    ]


def place_of(month: str, data_type: str) -> int:
    """Where an entry of the clean file stands in it, counted from 0."""
    return list(MONTHS).index(month) * len(SERIES) + SERIES.index(data_type)


def save_feed(folder: Path, entries: object) -> Path:
    """A file that holds the entries."""
    path = folder / "feed.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path
