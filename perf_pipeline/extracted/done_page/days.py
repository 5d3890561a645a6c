"""The ratings of each page and UTC day in one Feedback Explorer export, once its rows are added up.

Here: the choice between aggregates and single rows, and which days without rows are zero (DOMAIN 3.4). Not here: the
meaning of a single row (`rows`) and the choice between files (`exports`).

A day without rows is zero only when the file is whole and about the page. Otherwise the day is not known. Rejected rows do
not show that a file is whole or about a page.
"""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from perf_pipeline.extracted.done_page.files import ExportFile, ExportRow, UnusableExportError, opened_export
from perf_pipeline.extracted.done_page.rows import (
    AGGREGATE,
    SINGLE,
    RatingCount,
    RejectedRow,
    aggregated_day,
    judge_row,
)

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DonePageDay:
    """The ratings of one done page on one UTC day, from one export file.

    `counts` are the responses with rating 1, 2, 3, 4, 5, in this order. `is_from_aggregate` is True when the counts come
    from the day's aggregate, and for a proven zero. These counts are final. Other counts come from single rows and are
    provisional until the aggregate exists. `may_be_short` is True when a row of these counts is in quarantine, or when the
    file may end in the middle of the day.
    """

    slug: str
    report_date: date
    counts: tuple[int, int, int, int, int]
    is_from_aggregate: bool
    may_be_short: bool
    file_name: str
    file_modified_at: datetime
    file_sha256: str

    @property
    def is_whole(self) -> bool:
        """Whether the counts of the day are complete and final."""
        return self.is_from_aggregate and not self.may_be_short


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A line that was not used, or a whole file (`line_number` None). `reason` is a fixed word, never text of a row."""

    file_name: str
    line_number: int | None
    report_date: date | None
    slug: str | None
    reason: str
    detail: str | None = None
    """Numbers that explain the reason."""


@dataclass(slots=True)
class _DayRows:
    """The usable rows of one page and day, and which rows were rejected."""

    aggregates: dict[int, int] = field(default_factory=dict)
    singles: list[int] = field(default_factory=lambda: [0] * 5)
    ratings_in_doubt: set[int | None] = field(default_factory=set)
    has_disputed_aggregate: bool = False
    has_rejected_single: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.aggregates and not any(self.singles)

    @property
    def is_short(self) -> bool:
        misses_aggregate = self.has_disputed_aggregate or bool(self.ratings_in_doubt - self.aggregates.keys())
        return misses_aggregate or (self.has_rejected_single and not self.aggregates)

    def counts(self) -> tuple[int, int, int, int, int]:
        by_rating = self.aggregates or dict(enumerate(self.singles, start=1))
        one, two, three, four, five = (by_rating.get(rating, 0) for rating in range(1, 6))
        return one, two, three, four, five


def read_export(file: ExportFile, slugs: AbstractSet[str], *, is_accepted: bool = False) -> "ExportDays":
    """Read a whole export file once. `is_accepted`: a person has accepted it as whole.

    Raises TransientSourceError when the file was removed, the disk failed, or the file changed while it was read.
    """
    if file.fault is not None:
        return ExportDays(file, slugs, whole_file_fault=file.fault)
    days = ExportDays(file, slugs, is_accepted=is_accepted)
    try:
        with opened_export(file) as export:
            for row in export.rows():
                days.add(row)
            days.sha256 = export.sha256()
    except UnusableExportError as fault:
        return ExportDays(file, slugs, whole_file_fault=fault.reason)
    return days


class ExportDays:
    """The days of one export file, for each of the pages `slugs`.

    Rows are added one by one. Memory grows with the number of days and of rejected rows, not with the number of rows.
    """

    def __init__(
        self,
        file: ExportFile,
        slugs: AbstractSet[str],
        *,
        whole_file_fault: str | None = None,
        is_accepted: bool = False,
    ) -> None:
        self.file = file
        self.sha256 = ""
        self.lines: list[QuarantinedLine] = []
        self._fault = whole_file_fault
        self._slugs = slugs
        self._is_accepted = is_accepted
        self._days: defaultdict[tuple[str, date], _DayRows] = defaultdict(_DayRows)
        self._used: dict[str, tuple[date, date]] = {}
        self._aggregated: tuple[date, date] | None = None
        self._rows_count = 0

    def add(self, row: ExportRow) -> None:
        """Add one row to its day, or put it in quarantine."""
        self._rows_count += 1
        day = aggregated_day(row, self.file)
        if day is not None:
            self._aggregated = _grown(self._aggregated, day)
        judged = judge_row(row, self._slugs, self.file)
        if isinstance(judged, RatingCount):
            self._keep(judged, row.line_number)
        elif isinstance(judged, RejectedRow):
            self._reject(judged, row.line_number)

    def day(self, slug: str, day: date) -> DonePageDay | None:
        """The ratings of the page on the day. None when this file does not have the day: not known, which is not zero."""
        rows = self._days.get((slug, day))
        is_empty = rows is None or rows.is_empty
        if is_empty and (rows is not None or not self._is_zero(slug, day)):
            return None
        found = rows or _DayRows()
        ends_here = not self._reaches_its_end and slug in self._used and day == self._used[slug][1]
        return DonePageDay(
            slug=slug,
            report_date=day,
            counts=found.counts(),
            is_from_aggregate=bool(found.aggregates) or is_empty,
            may_be_short=found.is_short or ends_here or not self._had_ended(day),
            file_name=self.file.name,
            file_modified_at=self.file.modified_at,
            file_sha256=self.sha256,
        )

    def quarantined(self) -> list[QuarantinedLine]:
        """The lines that were not used, and a fault of the whole file if there is one."""
        reason = self._fault or self._whole_file_reason()
        whole = [QuarantinedLine(self.file.name, None, None, None, reason)] if reason else []
        return whole + ([] if self._fault else self.lines)

    def _whole_file_reason(self) -> str | None:
        if self._is_accepted:
            return None
        if self._rows_count == 0:
            return "file_holds_no_row"
        if self.lines and not self._used:
            return "no_row_can_be_used"
        return None if self._reaches_its_end or not self._used else "file_ends_before_its_span"

    def _is_zero(self, slug: str, day: date) -> bool:
        """Whether the file proves that the page got no ratings on the day."""
        if self._fault or not self._had_ended(day):
            return False
        span = self.file.span
        if span is None:
            first, last = self._used.get(slug, (date.max, date.min))
            return first < day < last and self._is_between_aggregates(day)
        first_used = min((first for first, _ in self._used.values()), default=date.max)
        is_within = day in span and (span.first is not None or first_used <= day)
        is_about = slug in self._used or slug in self.file.name
        if self._is_accepted:
            return is_within and is_about
        return is_within and is_about and self._reaches_its_end and self._is_between_aggregates(day)

    @property
    def _reaches_its_end(self) -> bool:
        """Whether the rows reach the end of the named span, or the last day that had ended when the file was made."""
        if self.file.span is None or self._is_accepted:
            return True
        last = max((last for _, last in self._used.values()), default=date.min)
        if self._aggregated is not None:
            last = max(last, self._aggregated[1])
        return last >= min(self.file.span.last, self.file.modified_at.date() - _ONE_DAY)

    def _is_between_aggregates(self, day: date) -> bool:
        return self._aggregated is not None and self._aggregated[0] <= day <= self._aggregated[1]

    def _had_ended(self, day: date) -> bool:
        """Whether the day had ended when the file was made."""
        return datetime.combine(day + _ONE_DAY, time.min, UTC) <= self.file.modified_at

    def _keep(self, found: RatingCount, line_number: int) -> None:
        self._used[found.slug] = _grown(self._used.get(found.slug), found.report_date)
        rows = self._days[found.slug, found.report_date]
        if not found.is_aggregate:
            rows.singles[found.rating - 1] += 1
        elif found.rating in rows.aggregates:
            rows.has_disputed_aggregate |= rows.aggregates[found.rating] != found.count
            self._reject(RejectedRow("duplicate_row", found.slug, found.report_date), line_number)
        else:
            rows.aggregates[found.rating] = found.count

    def _reject(self, rejected: RejectedRow, line_number: int) -> None:
        slug, day = rejected.slug, rejected.report_date
        if slug is not None and day is not None:
            rows = self._days[slug, day]
            if rejected.kind == AGGREGATE:
                rows.ratings_in_doubt.add(rejected.rating)
            rows.has_rejected_single |= rejected.kind == SINGLE
        self.lines.append(QuarantinedLine(self.file.name, line_number, day, slug, rejected.reason))


def _grown(span: tuple[date, date] | None, day: date) -> tuple[date, date]:
    return (day, day) if span is None else (min(span[0], day), max(span[1], day))
