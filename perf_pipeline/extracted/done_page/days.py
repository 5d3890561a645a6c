"""What one Feedback Explorer export says about each page and UTC day, once its rows are added up.

Belongs here: aggregates against single rows, zero days, which days a file holds at all (DOMAIN 3.4). Doesn't belong
here: the meaning of a single row (`feedback_explorer_rows`) and the choice between files (`feedback_explorer`).
"""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from perf_pipeline.extracted.done_page.files import ExportFile, ExportRow, UnusableExportError, opened_export
from perf_pipeline.extracted.done_page.rows import AGGREGATE, SINGLE, RatingCount, RejectedRow, judge_row, utc_day


@dataclass(frozen=True, slots=True)
class DonePageDay:
    """The ratings of one done page on one UTC day, out of one export file.

    `counts` are responses with rating 1, 2, 3, 4, 5, in this order. `is_from_aggregate` is True where the day's
    aggregate exists (a day without responses before the file's last aggregate included): the figures are final.
    Otherwise they are counted from single rows and wait for the aggregate. `has_quarantined_rows` is True where a row
    that these counts would have needed is in quarantine: they may be short.
    """

    slug: str
    report_date: date
    counts: tuple[int, int, int, int, int]
    is_from_aggregate: bool
    has_quarantined_rows: bool
    file_name: str
    file_modified_at: datetime
    file_sha256: str


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A line that was not used, or a whole file (`line_number` None); `reason` is a fixed word, never a row's text."""

    file_name: str
    line_number: int | None
    report_date: date | None
    slug: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class FileReading:
    """What became of the rows of one file: read = kept + skipped (other types, other pages) + quarantined.

    A file that is quarantined whole counts none of its rows as kept.
    """

    file: ExportFile
    sha256: str
    rows_read_count: int
    rows_kept_count: int
    rows_skipped_count: int
    rows_quarantined_count: int


@dataclass(slots=True)
class _DayRows:
    """The usable rows of one page and day, and what is lacking."""

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
        lacks_aggregate = self.has_disputed_aggregate or bool(self.ratings_in_doubt - self.aggregates.keys())
        return lacks_aggregate or (self.has_rejected_single and not self.aggregates)

    def counts(self) -> tuple[int, int, int, int, int]:
        by_rating = self.aggregates or dict(enumerate(self.singles, start=1))
        one, two, three, four, five = (by_rating.get(rating, 0) for rating in range(1, 6))
        return one, two, three, four, five


def read_export(file: ExportFile, slugs: AbstractSet[str]) -> "ExportDays":
    """Read one export file once, from its first byte to its last.

    Raises:
        PermanentSourceError: we may not read the file.
        TransientSourceError: it vanished, the disk failed, or it changed meanwhile.

    """
    days = ExportDays(file, slugs)
    with opened_export(file) as export:
        try:
            for row in export.rows():
                days.take(row)
        except UnusableExportError as fault:
            days = ExportDays(file, slugs, whole_file_fault=fault.reason)
        days.sha256 = export.sha256()
    return days


class ExportDays:
    """The days that one export file holds, for each of the pages `slugs`.

    Fed row by row: memory grows with the number of days and of rejected rows, not with the rows.
    """

    def __init__(self, file: ExportFile, slugs: AbstractSet[str], whole_file_fault: str | None = None) -> None:
        self.sha256 = ""
        self.quarantined: list[QuarantinedLine] = []
        if whole_file_fault:
            self.quarantined.append(QuarantinedLine(file.name, None, None, None, whole_file_fault))
        self._is_usable = whole_file_fault is None
        self._file = file
        self._slugs = slugs
        self._read_count = self._kept_count = self._rejected_count = 0
        self._days: defaultdict[tuple[str, date], _DayRows] = defaultdict(_DayRows)
        self._bounds: dict[str, tuple[date, date]] = {}
        self._pages_seen: set[str] = set()
        self._last_aggregate_day = date.min

    @property
    def is_blank(self) -> bool:
        """True for a sound file without a single row: it says zero, but about no page in particular."""
        return self._is_usable and self._read_count == 0

    def reading(self) -> FileReading:
        """Return the fate of the file's rows."""
        skipped = self._read_count - self._kept_count - self._rejected_count
        return FileReading(self._file, self.sha256, self._read_count, self._kept_count, skipped, self._rejected_count)

    def day(self, slug: str, day: date) -> DonePageDay | None:
        """Return the page's day, None where this file doesn't hold it (not known, which is not zero)."""
        rows = self._days.get((slug, day), _DayRows())
        if rows.is_empty and not self._holds_empty(slug, day):
            return None
        is_known_zero = rows.is_empty and not rows.is_short and day <= self._last_aggregate_day
        return DonePageDay(
            slug=slug,
            report_date=day,
            counts=rows.counts(),
            is_from_aggregate=bool(rows.aggregates) or is_known_zero,
            has_quarantined_rows=rows.is_short,
            file_name=self._file.name,
            file_modified_at=self._file.modified_at,
            file_sha256=self.sha256,
        )

    def _holds_empty(self, slug: str, day: date) -> bool:
        if not self._is_usable:
            return False
        if self._file.span is None:
            first, last = self._bounds.get(slug, (date.max, date.min))
            return first < day < last
        # An export of one page says nothing of the others, and none of a day that had not ended when it was saved.
        has_ended = datetime.combine(day + timedelta(days=1), time.min, UTC) <= self._file.modified_at
        is_of_page = slug in self._pages_seen or self.is_blank
        return is_of_page and has_ended and self._file.span[0] <= day < self._file.span[1]

    def take(self, row: ExportRow) -> None:
        """Add one row up, or put it in quarantine."""
        self._read_count += 1
        judged = judge_row(row, self._slugs, self._file.span)
        # Aggregates of every page are made in one go each night: any page's shows that the day has been aggregated.
        if row.kind.strip() == AGGREGATE and (day := utc_day(row.created)) is not None:
            self._last_aggregate_day = max(self._last_aggregate_day, day)
        if isinstance(judged, RatingCount):
            self._keep(judged, row.line_number)
        elif isinstance(judged, RejectedRow):
            self._reject(judged, row.line_number)

    def _keep(self, found: RatingCount, line_number: int) -> None:
        self._pages_seen.add(found.slug)
        first, last = self._bounds.get(found.slug, (found.report_date, found.report_date))
        self._bounds[found.slug] = (min(first, found.report_date), max(last, found.report_date))
        rows = self._days[found.slug, found.report_date]
        if not found.is_aggregate:
            rows.singles[found.rating - 1] += 1
        elif found.rating in rows.aggregates:
            rows.has_disputed_aggregate |= rows.aggregates[found.rating] != found.count
            self._reject(RejectedRow("duplicate_aggregate", found.slug, found.report_date), line_number)
            return
        else:
            rows.aggregates[found.rating] = found.count
        self._kept_count += 1

    def _reject(self, rejected: RejectedRow, line_number: int) -> None:
        self._rejected_count += 1
        slug, day = rejected.slug, rejected.report_date
        if slug is not None:
            self._pages_seen.add(slug)
        if slug is not None and day is not None:
            rows = self._days[slug, day]
            if rejected.kind == AGGREGATE:
                rows.ratings_in_doubt.add(rejected.rating)
            rows.has_rejected_single |= rejected.kind == SINGLE
        self.quarantined.append(QuarantinedLine(self._file.name, line_number, day, slug, rejected.reason))
