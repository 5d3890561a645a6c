"""Reads all pages of Sirius channel counts for a range of days. No row is lost between two pages (DOMAIN 3.3).

Here: spans of at most 366 days, following pages, reading a span again when its pages do not match. Not here: the
content of a page (`rows`), HTTP (`readers/http_json`).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from perf_pipeline.errors import PermanentSourceError, TransientSourceError
from perf_pipeline.extracted.readers.http_json import JsonEndpoint
from perf_pipeline.extracted.sirius.rows import Page, read_page

_LONGEST_SPAN: Final = timedelta(days=366)
_ROWS_A_PAGE: Final = 100
_READINGS_OF_A_SPAN: Final = 3
_MOST_ROWS_A_DAY: Final = 10
"""There are two subtypes, and some rows may occur twice."""


def read_pages(endpoint: JsonEndpoint, first_day: date, last_day: date) -> list[Page]:
    """Read every page for the days from `first_day` to `last_day`, both inclusive.

    The pages of each span have exactly `meta.total` rows, and no row is on two pages. Raises TransientSourceError when
    this is not reached after several readings, and the errors of `JsonEndpoint.get` and `read_page`.
    """
    return [page for span in _spans(first_day, last_day) for page in _read_span(endpoint, *span)]


class _PagesDisagreeError(TransientSourceError):
    """The pages of one span are not from the same counts. Reading them again may help."""


def _spans(first_day: date, last_day: date) -> Iterator[tuple[date, date]]:
    while first_day <= last_day:
        span_end = min(last_day, first_day + _LONGEST_SPAN - timedelta(days=1))
        yield first_day, span_end
        first_day = span_end + timedelta(days=1)


def _read_span(endpoint: JsonEndpoint, first_day: date, last_day: date) -> list[Page]:
    for _ in range(_READINGS_OF_A_SPAN - 1):
        try:
            return list(_pages(endpoint, first_day, last_day))
        except _PagesDisagreeError:
            continue
    return list(_pages(endpoint, first_day, last_day))


def _pages(endpoint: JsonEndpoint, first_day: date, last_day: date) -> Iterator[Page]:
    first: Page | None = None
    refs: set[str] = set()
    rows_count = 0
    number = 1
    while first is None or rows_count < first.rows_on_all_pages_count:
        query: dict[str, str | int] = {
            "from": first_day.isoformat(),
            "to": last_day.isoformat(),
            "granularity": "day",
            "page": number,
            "limit": _ROWS_A_PAGE,
        }
        page = read_page(endpoint.get(query), first_day=first_day, last_day=last_day, number=number)
        if first is None and page.rows_on_all_pages_count > _MOST_ROWS_A_DAY * ((last_day - first_day).days + 1):
            raise PermanentSourceError(
                f"Sirius says that it has {page.rows_on_all_pages_count:,} rows for {first_day} to {last_day}.",
                next_step="Ask the Sirius team what meta.total should be: expected one row a day and subtype.",
            )
        first = first or page
        page_refs = {ref for ref, _ in page.rows}
        all_count = first.rows_on_all_pages_count
        due_count = min(first.limit, all_count - rows_count)
        if (page.number, page.limit, page.rows_on_all_pages_count) != (number, first.limit, all_count):
            raise _disagreement(first_day, last_day, f"page {number} says another page, limit or total")
        if len(page.rows) != due_count:
            raise _disagreement(first_day, last_day, f"page {number} holds {len(page.rows)} rows, not {due_count}")
        if refs & page_refs:
            raise _disagreement(first_day, last_day, f"page {number} repeats rows of an earlier page")
        yield page
        refs |= page_refs
        rows_count += len(page.rows)
        number += 1


def _disagreement(first_day: date, last_day: date, found: str) -> _PagesDisagreeError:
    return _PagesDisagreeError(
        f"Sirius's pages for {first_day} to {last_day} do not fit together in {_READINGS_OF_A_SPAN} readings: {found}.",
        next_step="The next run tries again; if it lasts, ask the Sirius team about paging.",
    )
