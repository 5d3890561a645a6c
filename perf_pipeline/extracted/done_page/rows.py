"""The meaning of one row of a Feedback Explorer export: a rating count, an irrelevant row, or a row for the quarantine.

Here: the meaning of a row (DOMAIN 3.4), pure. Not here: files and CSV (`files`), adding rows to days (`days`). Reasons
are fixed words. No text of a row leaves this module.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from perf_pipeline.extracted.done_page.files import ExportFile, ExportRow, text_fault

AGGREGATE: Final = "aggregated-service-feedback"
SINGLE: Final = "service-feedback"
SKIPPED_TYPES: Final = frozenset({"problem-report", "long-form-contact"})

_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_AGGREGATE_TEXT: Final = re.compile(r"Rating of (\S+):(.*)", re.DOTALL)
_INTEGER: Final = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class RatingCount:
    """`count` responses of one rating (1 to 5) for a page on a UTC day: an aggregate or one single response."""

    slug: str
    report_date: date
    rating: int
    count: int
    is_aggregate: bool


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row for the quarantine, with its page, day, rating and kind as far as they could be read.

    `rating` is set only if it is 1 to 5, `kind` only if it is one of the two counted types.
    """

    reason: str
    slug: str | None = None
    report_date: date | None = None
    rating: int | None = None
    kind: str | None = None


def utc_day(created: str) -> date | None:
    """The UTC day of a `creation date` (`YYYY-MM-DD HH:MM:SS`). None for any other text."""
    text = created.strip()
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def judge_row(row: ExportRow, slugs: AbstractSet[str], file: ExportFile) -> RatingCount | RejectedRow | None:
    """The rating count of a row for one of the pages `slugs`. None for other pages and for skipped types.

    A row outside the span of its file's name is rejected, because the file may have only a part of that day.
    """
    if row.fault == "wrong_number_of_fields":
        return RejectedRow(row.fault)
    slug = row.page.strip().removeprefix("/done/")
    if slug not in slugs:
        page_fault = text_fault(row.page)
        return RejectedRow(page_fault) if page_fault else None
    kind = row.kind.strip()
    if kind in SKIPPED_TYPES:
        return None
    day = utc_day(row.created)
    try:
        return _counted(row, slug, kind, day, file)
    except _RowFaultError as fault:
        return RejectedRow(fault.reason, slug, day, fault.rating, kind if kind in (AGGREGATE, SINGLE) else None)


def aggregated_day(row: ExportRow, file: ExportFile) -> date | None:
    """The day of a valid aggregate row of any page. None for every other row.

    The aggregates of all pages are made together each night. So a row of any page shows that its day was exported.
    """
    day = utc_day(row.created)
    if row.fault or row.kind.strip() != AGGREGATE or day is None or not file.can_hold(day):
        return None
    if file.span is not None and day not in file.span:
        return None
    return day if _AGGREGATE_TEXT.fullmatch(row.feedback.strip()) else None


class _RowFaultError(Exception):
    def __init__(self, reason: str, rating: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.rating = rating


def _counted(row: ExportRow, slug: str, kind: str, day: date | None, file: ExportFile) -> RatingCount:
    if row.fault is not None:
        raise _RowFaultError(row.fault)
    if kind not in (AGGREGATE, SINGLE):
        raise _RowFaultError("unknown_type")
    if day is None:
        raise _RowFaultError("unreadable_date")
    if not file.can_hold(day):
        raise _RowFaultError("impossible_date")
    if file.span is not None and day not in file.span:
        raise _RowFaultError("outside_named_span")
    if kind == SINGLE:
        return RatingCount(slug, day, _rating(row.rating), 1, is_aggregate=False)
    match = _AGGREGATE_TEXT.fullmatch(row.feedback.strip())
    if match is None:
        raise _RowFaultError("unreadable_aggregate")
    rating = _rating(match[1])
    return RatingCount(slug, day, rating, _count(match[2], rating), is_aggregate=True)


def _rating(text: str) -> int:
    if _INTEGER.fullmatch(text.strip()) is None:
        raise _RowFaultError("unreadable_rating")
    rating = int(text)
    if not 1 <= rating <= 5:
        raise _RowFaultError("rating_outside_scale")
    return rating


def _count(text: str, rating: int) -> int:
    if _INTEGER.fullmatch(text.strip()) is None:
        raise _RowFaultError("unreadable_count", rating)
    count = int(text)
    if count < 0:
        raise _RowFaultError("negative_count", rating)
    return count
