"""Merges the ratings of the done page into extracted_feedback: a row a page, UTC day and rating."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import md5
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.changed_files import record_listing
from perf_pipeline.extracted.done_page.exports import DonePageDay, ExportReading, QuarantinedLine, read_exports
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.extracted.quarantining import UnusableRow, quarantine, resolve
from perf_pipeline.extracted.readings import DayCounts, Delivery, Merged, Reading, record_delivery
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.versions import Versioning, merge_versions

_SQL = Path(__file__).parent / "sql"
_COLUMNS = [
    "service", "source", "report_date", "granularity", "feedback_key", "received_at", "rating", "ratings_count",
    "page_path", "file_name", "modified_at",
]  # fmt: skip
_VERSIONING = Versioning(
    "extracted_feedback",
    identity=("service", "source", "report_date", "rating"),
    compared=("ratings_count", "granularity"),
    born=("first_seen_at",),
    seen=("last_seen_at",),
    refreshed=("file_name", "modified_at"),
)


@dataclass(frozen=True)
class HeldDay:
    """What an earlier reading left of a day: the file in force, what it says, and what the ledger has of it."""

    file_name: str
    modified_at: datetime
    figures: dict[int, tuple[int, str]]
    counts: DayCounts


def extract_done_page(reading: Reading) -> Merged:
    """Read the exports' days and merge them: a newer file that says otherwise supersedes, whole."""
    slug, folder = reading.service.sources[reading.source.name].slug or "", Path(reading.address)
    listed = list_exports(folder)
    found = read_exports(folder, [slug], reading.days.first, reading.days.last)
    with transaction(reading.systems.warehouse) as connection:
        lock_for_writing(connection, reading.source.extract)
        held = held_days(connection, reading.service.slug, reading.days)
        present = {file.name for file in listed}
        newer = [day for day in found.days if supersedes(day, held.get(day.report_date), present)]
        rows = pd.DataFrame([row for day in newer for row in _rows(reading, day)], columns=_COLUMNS)
        merge_versions(connection, _VERSIONING, rows, reading.now)
        lines = [line for line in found.quarantined if line.slug in (slug, None)]
        quarantine(connection, reading, map(unusable, lines))
        _resolve_lines(connection, reading, found)
        # Lines of a file that a newer one has overtaken, whether or not it is still there.
        resolve(connection, reading, (), (day.report_date for day in newer))
        kept = {day.report_date: held[day.report_date].counts for day in found.days if day not in newer}
        changes = {day.report_date: SourceChange.REVISED for day in newer if differs(day, held.get(day.report_date))}
        changed = record_delivery(connection, reading, Delivery(_counts(newer, lines) | kept, changes))
        record_listing(connection, reading.service.slug, listed)
    return Merged(changed)


def _rows(reading: Reading, day: DonePageDay) -> list[tuple[object, ...]]:
    return [
        (
            reading.service.slug,
            reading.source.name,
            day.report_date,
            granularity(day),
            _key(reading, day, rating),
            f"{day.report_date}T00:00:00Z",
            rating,
            count,
            f"/done/{day.slug}",
            day.file_name,
            day.file_modified_at,
        )
        for rating, count in enumerate(day.counts, start=1)
    ]


def granularity(day: DonePageDay) -> str:
    """Whether the day was counted by the source or, from single rows, by us."""
    return "aggregate" if day.is_from_aggregate else "response"


def is_short(day: DonePageDay) -> bool:
    """Whether the day's counts may be incomplete."""
    return day.has_quarantined_rows or not day.is_from_aggregate


def _key(reading: Reading, day: DonePageDay, rating: int) -> str:
    """Unique by version: the same day and rating out of another reading is another row."""
    parts = (reading.service.slug, day.report_date, rating, day.file_sha256, reading.now.isoformat())
    return md5("|".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def supersedes(day: DonePageDay, held: HeldDay | None, present: set[str]) -> bool:
    """Whether the folder's winner may replace what is held.

    Not when the newer file was only taken out of the folder, nor when rows of it can't be used and what is held is whole.
    """
    if held is None:
        return True
    if day.has_quarantined_rows and not held.counts.is_short:
        return False
    is_newer = (day.file_modified_at, day.file_name) >= (held.modified_at, held.file_name)
    return is_newer or held.file_name in present


def differs(day: DonePageDay, held: HeldDay | None) -> bool:
    """Whether the day says something else than what is held."""
    if held is None:
        return True
    figures = {rating: (count, granularity(day)) for rating, count in enumerate(day.counts, start=1)}
    return figures != held.figures or is_short(day) != held.counts.is_short


def held_days(connection: Connection, service: str, days: DayRange) -> dict[date, HeldDay]:
    """What is held of the days; those that no export ever held are absent."""
    rows = run_sql(
        connection, _SQL / "held_done_page_days.sql", service=service, first_day=days.first, last_day=days.last
    )
    return {
        row.report_date: HeldDay(
            row.file_name,
            row.modified_at,
            {rating: (count, kind) for rating, count, kind in row.figures},
            DayCounts(
                row.rows_read_count,
                row.rows_kept_count,
                row.rows_quarantined_count,
                row.rows_duplicate_count,
                row.is_short,
            ),
        )
        for row in rows
    }


def unusable(line: QuarantinedLine) -> UnusableRow:
    """The line as the quarantine knows it."""
    place = line.file_name if line.line_number is None else f"{line.file_name}:{line.line_number}"
    return UnusableRow(place, line.report_date, line.reason, line.file_name)


def _resolve_lines(connection: Connection, reading: Reading, found: ExportReading) -> None:
    for file in found.files:
        run_sql(
            connection,
            _SQL / "resolve_export_lines.sql",
            **reading.key,
            file_name=file.file.name,
            first_day=reading.days.first,
            last_day=reading.days.last,
            now=reading.now,
        )


def _counts(days: Iterable[DonePageDay], lines: list[QuarantinedLine]) -> dict[date, DayCounts]:
    unusable_lines = Counter(line.report_date for line in lines)
    counts = {}
    for day in days:
        bad, kept = unusable_lines[day.report_date], len(day.counts)
        counts[day.report_date] = DayCounts(read=kept + bad, kept=kept, quarantined=bad, is_short=is_short(day))
    return counts
