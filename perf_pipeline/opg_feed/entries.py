"""Reads a file in the format of the OPG feed into typed entries (DOMAIN 3.5, 4.1).

Belongs here: the format of one entry. Doesn't belong here: rules that compare entries (`audit`).
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.feed_types import (
    DATA_TYPES,
    FIRST_DAY,
    FRACTION_TYPES,
    KEYS,
    LARGEST_COUNT,
    PERCENT_TYPES,
    timestamp,
)
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.errors import PermanentSourceError, UsageError

Key = tuple[date, str]
"""The first day of a period and a dataType. No two entries of a file share them."""

Values = dict[Key, Decimal]

PERIODS: Final = {"year": "Y", "month": "M", "week": "W", "day": "D"}
"""The known period lengths and their names in pandas. Its weeks begin on Monday."""

_MARKERS: Final = (*(marker.value for marker in Marker), NOTICE)
_NAME: Final = re.compile(r"[a-zA-Z-]+")
_LONGEST_SHOWN: Final = 40
_NEXT_STEP: Final = "give a file that you may read, in the format of the OPG feed: one JSON array of entries."


def _marker(name: object) -> object:
    if name not in _MARKERS:
        raise ValueError(f"one of {', '.join(_MARKERS[:-1])}, or the notice on demonstration data")
    return name


class FeedEntry(BaseModel):
    """One valid entry. Validation takes today's London date as its context."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str
    channel: str
    period: str
    start: date = Field(alias="_timestamp")
    data_type: str = Field(alias="dataType")
    count: Decimal
    """A number written as text is accepted here; `read_feed` reports it."""
    markers: tuple[Annotated[str, BeforeValidator(_marker)], ...] = ()

    @property
    def is_demonstration(self) -> bool:
        """Whether the figure is made from stand-ins for the real systems."""
        return NOTICE in self.markers

    @property
    def key(self) -> Key:
        """What the count is about."""
        return self.start, self.data_type

    @field_validator("service")
    @classmethod
    def _check_service(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("a name of letters and hyphens")
        return name

    @field_validator("start", mode="before")
    @classmethod
    def _check_start(cls, text: object, info: ValidationInfo[date]) -> date:
        try:
            day = date.fromisoformat(str(text)[:10])
        except ValueError:
            day = date.min
        if text != timestamp(day) or not FIRST_DAY <= day <= info.context:
            raise ValueError(f"a day from {timestamp(FIRST_DAY)} to {timestamp(info.context)}")
        length = info.data.get("period")
        first = period_of(day, length).start_time.date()
        if day != first:
            raise ValueError(f"{timestamp(first)}, the first day of its {length}")
        return day

    @field_validator("data_type")
    @classmethod
    def _check_data_type(cls, name: str) -> str:
        if name not in DATA_TYPES:
            raise ValueError(f"one of {', '.join(DATA_TYPES)}")
        return name

    @field_validator("count")
    @classmethod
    def _check_count(cls, count: Decimal, info: ValidationInfo) -> Decimal:
        data_type = info.data.get("data_type")
        largest = 100 if data_type in PERCENT_TYPES else LARGEST_COUNT
        is_whole = data_type not in (*FRACTION_TYPES, None)
        if not 0 <= count <= largest or (is_whole and count % 1):
            raise ValueError(f"a {'whole ' if is_whole else ''}number from 0 to {largest:,}")
        return count


class FeedFault(NamedTuple):
    """What is wrong, in one sentence. `entry` is the number of the entry, or None for the file or a series."""

    entry: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A file as it was read, with the faults of its single entries."""

    size: int
    """Number of entries, valid or not."""
    entries: dict[int, FeedEntry]
    """Valid entries by their number in the file, counted from 1."""
    invalid: list[dict[str, str]]
    """The `_timestamp` and `dataType` of each invalid entry, as far as these are valid."""
    faults: list[FeedFault]

    def most_common(self, key: str) -> str | None:
        """The service, channel or period length of most entries."""
        found = Counter(getattr(entry, key) for entry in self.entries.values())
        return max(found, key=found.__getitem__, default=None)

    def values(self) -> Values:
        """The counts, without those that two entries give differently."""
        counts: dict[Key, set[Decimal]] = {}
        for entry in self.entries.values():
            counts.setdefault(entry.key, set()).add(entry.count)
        return {key: found.pop() for key, found in counts.items() if len(found) == 1}


def read_feed(path: Path, today: date) -> Feed:
    """Read a feed file. A wrong entry becomes a fault of the feed. `today`: no later period can have figures.

    Raises:
        UsageError: there is no such file.
        PermanentSourceError: it can't be read, is not JSON, or holds no array.

    """
    items = _load(path)
    feed = Feed(len(items), {}, [], [])
    for number, item in enumerate(items, start=1):
        try:
            feed.entries[number] = entry = FeedEntry.model_validate(item, context=today)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            wrong = {key for found in errors for key in found["loc"][:1]}
            fields = item if isinstance(item, dict) else {}
            valid = {key: fields[key] for key in ("_timestamp", "dataType") if key in fields and key not in wrong}
            feed.invalid.append(valid)
            feed.faults.extend(fault_of(number, _sentence(found), *valid.values()) for found in errors)
        else:
            if isinstance(item, dict) and isinstance(item["count"], str):
                what = f"count is the text {shown(item['count'])}; expected the number {entry.count}."
                feed.faults.append(fault_of(number, what, *entry.key))
    return feed


def period_of(day: date, length: str | None) -> pd.Period:
    """The period that a day belongs to. If the length is unknown, the day itself."""
    return pd.Period(day, PERIODS.get(length or "", "D"))


def fault_of(number: int, what: str, *about: date | str) -> FeedFault:
    """A fault of one entry. `about`: the day and the dataType, as far as they are known."""
    known = ", ".join(str(part).partition("T")[0] for part in about)
    return FeedFault(number, f"entry {number}{f' ({known})' if known else ''}: {what}")


def shown(value: object) -> str:
    """A value as JSON on one line, shortened, in printable characters."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    # JSON leaves one control character unescaped.
    text = json.dumps(value).replace("\x7f", "\\u007f")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 2]} …"


def _sentence(error: ErrorDetails) -> str:
    """A fault found by pydantic, in our words."""
    key = ".".join(map(str, error["loc"])) or "it"
    expected = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    match error["type"]:
        case "missing":
            return f"{key} is missing; expected all of {', '.join(KEYS)}."
        case "extra_forbidden":
            return f"key {shown(key)} is unknown; expected no key of this name."
        case "model_type":
            expected = "an object"
        case "tuple_type":
            expected = "a list"
        case "string_type":
            expected = "a text"
        case "decimal_type" | "decimal_parsing" | "finite_number":
            expected = "a number"
    return f"{key} is {shown(error['input'])}; expected {expected}."


def _load(path: Path) -> list[object]:
    try:
        items = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise UsageError(f"There is no file {path}.", next_step="give the path of an OPG feed file.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise PermanentSourceError(f"{path} can't be read as JSON: {error}.", next_step=_NEXT_STEP) from None
    if not isinstance(items, list):
        raise PermanentSourceError(f"{path} holds {shown(items)}; expected an array.", next_step=_NEXT_STEP)
    return items
