"""Reads and checks one page of Sirius channel counts. Pure (DOMAIN 3.3).

Here: the counts as the package uses them, and the faults of rows and of whole pages. Not here: HTTP and paging
(`client`, `pages`), error answers (`errors`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from perf_pipeline.catalogue.columns import CHANNELS
from perf_pipeline.catalogue.demonstration import NOTICE, NOTICE_KEY
from perf_pipeline.catalogue.reporting_days import TIMEZONE, london_day
from perf_pipeline.errors import PermanentSourceError

_LPA_TYPES: Final = {"hw": "health-and-welfare", "pfa": "property-and-financial"}
_SUBTYPES: Final = {lpa_type: subtype for subtype, lpa_type in _LPA_TYPES.items()}
_LARGEST_COUNT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ChannelCountRow:
    """Applications received on one London day for one LPA type, by channel. The counts add up to `total_count`."""

    report_date: date
    lpa_type: str
    online_count: int
    assisted_count: int
    paper_count: int
    phone_count: int
    other_count: int
    unknown_count: int
    total_count: int
    is_final: bool

    @property
    def row_ref(self) -> str:
        """The row's key at Sirius: `day/subtype`, as in rejected rows."""
        return f"{self.report_date}/{_SUBTYPES[self.lpa_type]}"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """An unusable row and the reason.

    `row_ref` is `day/subtype` if the row has both, otherwise its place in the answer. Reasons: `not_an_object`,
    `unreadable_date`, `day_outside_request`, `unknown_subtype`, `missing_channel`, `unknown_channel`,
    `unreadable_count`, `negative_count`, `count_too_large`, `total_is_not_sum_of_channels`, `unknown_status`,
    `duplicate_row`.
    """

    report_date: date | None
    reason: str
    row_ref: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page: all its rows by `row_ref`, usable or not, and the values of its `meta`."""

    number: int
    rows: tuple[tuple[str, ChannelCountRow | RejectedRow], ...]
    data_complete_up_to: date
    generated_at: datetime
    rows_on_all_pages_count: int
    limit: int
    is_stand_in: bool


def read_page(body: Mapping[str, Any], *, first_day: date, last_day: date, number: int) -> Page:
    """Read the page that was requested as page `number` of these days, both inclusive.

    Raises PermanentSourceError when the page as a whole breaks the contract.
    """
    meta, data = body.get("meta"), body.get("data")
    if not isinstance(meta, Mapping) or not isinstance(data, list):
        raise _broken("a list in data and an object in meta", "another shape")
    for key, expected in (
        ("basis", "receiptDate"),
        ("timezone", TIMEZONE),
        ("from", first_day.isoformat()),
        ("to", last_day.isoformat()),
    ):
        _expect(f"meta.{key}", meta.get(key), expected)
    version = meta.get("version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise _broken("version 1 in meta.version", version)
    generated_at, complete_up_to = _instant(meta.get("generatedAt")), _day(meta.get("dataCompleteUpTo"))
    if generated_at is None:
        raise _broken("an instant with its offset in meta.generatedAt", meta.get("generatedAt"))
    if complete_up_to is None or complete_up_to >= london_day(generated_at):
        raise _broken("a day in meta.dataCompleteUpTo that ended before meta.generatedAt", meta.get("dataCompleteUpTo"))
    return Page(
        number=_whole(meta, "page", at_least=1),
        rows=tuple(
            _read_row(raw, first_day, last_day, place=f"{first_day}..{last_day} page {number} row {position}")
            for position, raw in enumerate(data, start=1)
        ),
        data_complete_up_to=complete_up_to,
        generated_at=generated_at,
        rows_on_all_pages_count=_whole(meta, "total", at_least=0),
        limit=_whole(meta, "limit", at_least=1),
        is_stand_in=meta.get(NOTICE_KEY) == NOTICE,
    )


def without_duplicates(
    rows: Iterable[tuple[str, ChannelCountRow | RejectedRow]],
) -> tuple[list[ChannelCountRow], list[RejectedRow]]:
    """Split rows into usable and rejected ones.

    Of equal rows one is used. Of different rows with the same `row_ref` none is used.
    """
    by_ref: dict[str, list[ChannelCountRow | RejectedRow]] = {}
    for ref, row in rows:
        by_ref.setdefault(ref, []).append(row)
    used: list[ChannelCountRow] = []
    rejected: list[RejectedRow] = []
    for ref, claims in by_ref.items():
        usable = [claim for claim in claims if isinstance(claim, ChannelCountRow)]
        rejected += [claim for claim in claims if isinstance(claim, RejectedRow)]
        agreed = usable[:1] if len(set(claims)) == 1 else []
        used += agreed
        rejected += [RejectedRow(row.report_date, "duplicate_row", ref) for row in usable[len(agreed) :]]
    return used, rejected


def _read_row(raw: object, first_day: date, last_day: date, place: str) -> tuple[str, ChannelCountRow | RejectedRow]:
    if not isinstance(raw, Mapping):
        return place, RejectedRow(None, "not_an_object", place)
    _expect("granularity of a row", raw.get("granularity"), "day")
    day = _day(raw.get("period"))
    if day is None:
        return place, RejectedRow(None, "unreadable_date", place)
    if not first_day <= day <= last_day:
        return place, RejectedRow(day, "day_outside_request", place)
    subtype = raw.get("caseSubtype")
    if not isinstance(subtype, str) or subtype not in _LPA_TYPES:
        return place, RejectedRow(day, "unknown_subtype", place)
    ref = f"{day}/{subtype}"
    reason = _unusable_because(raw)
    if reason is not None:
        return ref, RejectedRow(day, reason, ref)
    return ref, ChannelCountRow(
        report_date=day,
        lpa_type=_LPA_TYPES[subtype],
        **{f"{channel}_count": raw["channels"][channel] for channel in CHANNELS},
        total_count=raw["total"],
        is_final=raw["status"] == "final",
    )


def _unusable_because(raw: Mapping[str, Any]) -> str | None:
    channels, total = raw.get("channels"), raw.get("total")
    if not isinstance(channels, Mapping) or not channels.keys() >= set(CHANNELS):
        return "missing_channel"
    if len(channels) > len(CHANNELS):
        return "unknown_channel"
    counts = [*channels.values(), total]
    # In Python, a JSON true is an int.
    if any(type(count) is not int for count in counts):
        return "unreadable_count"
    if any(count < 0 for count in counts):
        return "negative_count"
    if any(count > _LARGEST_COUNT for count in counts):
        return "count_too_large"
    if total != sum(channels.values()):
        return "total_is_not_sum_of_channels"
    return None if raw.get("status") in ("provisional", "final") else "unknown_status"


def _expect(what: str, found: object, expected: str) -> None:
    if found != expected:
        raise _broken(f"{expected} as {what}", found)


def _whole(meta: Mapping[str, Any], key: str, *, at_least: int) -> int:
    value = meta.get(key)
    if type(value) is not int or value < at_least:
        raise _broken(f"a whole number of at least {at_least} in meta.{key}", value)
    return value


def _day(text: object) -> date | None:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return None
    # Python also reads 20260501 and 2026-W18-5. The contract allows only one form.
    return day if day.isoformat() == text else None


def _instant(text: object) -> datetime | None:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo is not None else None


def _broken(expected: str, found: object) -> PermanentSourceError:
    return PermanentSourceError(
        f"Sirius answered 200 with counts that do not keep the contract: expected {expected}, found {found!r:.60}.",
        next_step="Compare with docs/sirius-endpoint.openapi.yaml and ask the Sirius team what changed.",
    )
