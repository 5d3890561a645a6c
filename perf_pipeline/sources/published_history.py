"""The reader of OPG feed files, our own and those published before (DOMAIN 3.5, 4.1): typed entries with their place.

Belongs here: reading one entry, its keys and the types of its values. Doesn't belong here: what is read (`feed_entries`),
whether names are known and figures agree (`feed_audit`), files and JSON (`feed_json`).
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from perf_pipeline.catalogue.feed_types import KEYS, OPTIONAL_KEY, timestamp
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.reporting_days import london_day
from perf_pipeline.sources.feed_entries import FeedEntry, FeedReading, fault_of
from perf_pipeline.sources.feed_json import JsonObject, load_array, number_in, shown

_MARKERS = tuple(marker.value for marker in Marker)


def read_feed(path: Path) -> FeedReading:
    """Read a feed file. What is wrong with an entry is a fault of the reading, never an error.

    Raises:
        UsageError: there is no such file.
        PermanentSourceError: it is closed to us, not JSON or no array.

    """
    readers = [_EntryReader(index, item) for index, item in enumerate(load_array(path), start=1)]
    entries = tuple(reader.entry for reader in readers)
    faults = (fault_of(reader.entry, what) for reader in readers for what in reader.faults)
    return FeedReading(entries, tuple(faults))


class _EntryReader:
    """Reads one item of the array and keeps what it can't understand of it."""

    def __init__(self, index: int, item: object) -> None:
        self.faults: list[str] = []
        self._values: dict[str, object] = {}
        if isinstance(item, JsonObject):
            self._values = item
            self.faults += _faults_of_keys(item)
        else:
            self.faults.append(f"the entry is {shown(item)}; expected an object.")
        self.entry = FeedEntry(
            index=index,
            timestamp=self._text("_timestamp"),
            period_start=self._day("_timestamp"),
            service=self._text("service"),
            channel=self._text("channel"),
            count=self._number("count"),
            data_type=self._text("dataType"),
            period=self._text("period"),
            markers=self._markers(),
        )

    def _text(self, key: str) -> str | None:
        value = self._values.get(key)
        if isinstance(value, str) or key not in self._values:
            return value if isinstance(value, str) else None
        self.faults.append(f"{key} is {shown(value)}; expected a text.")
        return None

    def _day(self, key: str) -> date | None:
        value = self._values.get(key)
        day = _day_meant(value) if isinstance(value, str) else None
        if isinstance(value, str) and day is None:
            self.faults.append(f"{key} is {shown(value)}; expected a day, as {timestamp(date(2026, 4, 1))}.")
        return day

    def _number(self, key: str) -> Decimal | None:
        value = self._values.get(key)
        if key not in self._values or (isinstance(value, Decimal) and value.is_finite()):
            return value if isinstance(value, Decimal) else None
        number = number_in(value) if isinstance(value, str) else None
        found = f"the text {shown(value)}" if isinstance(value, str) else shown(value)
        expected = "a number" if number is None else f"the number {shown(number)}"
        self.faults.append(f"{key} is {found}; expected {expected}.")
        return number

    def _markers(self) -> tuple[str, ...]:
        value = self._values.get(OPTIONAL_KEY, [])
        if isinstance(value, list) and all(letter in _MARKERS for letter in value):
            return tuple(value)
        found = f"[{', '.join(map(shown, value))}]" if isinstance(value, list) else shown(value)
        self.faults.append(f"{OPTIONAL_KEY} is {found}; expected a list of {', '.join(_MARKERS)}.")
        return ()


def _faults_of_keys(item: JsonObject) -> Iterator[str]:
    missing = [key for key in KEYS if key not in item]
    for key in item:
        if key not in (*KEYS, OPTIONAL_KEY):
            # A key that is written otherwise is one fault, not two.
            meant = get_close_matches(key, missing, n=1)
            missing = [other for other in missing if other not in meant]
            yield f"key {shown(key)} is unknown; expected {meant[0] if meant else 'no key of this name'}."
    for key in missing:
        yield f"{key} is missing; expected all of {', '.join(KEYS)}."
    for key in item.repeated:
        yield f"key {shown(key)} stands in it more than once; expected once."


def _day_meant(text: str) -> date | None:
    """The day that a timestamp is about, however it is written; a London midnight written in UTC is of the next day."""
    try:
        instant = datetime.fromisoformat(text.strip())
        is_as_written = instant.tzinfo is None or instant.day == 1
        return instant.date() if is_as_written else london_day(instant)
    except (ValueError, OverflowError):
        return None
