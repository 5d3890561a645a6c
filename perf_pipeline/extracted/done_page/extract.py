"""Merges the ratings of the done page into extracted_feedback: one row per page, UTC day and rating."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import md5
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, select

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.demonstration import EXPORTS_NOTICE_FILE
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.changed_files import accepted_states, last_listing, record_listing, state_of
from perf_pipeline.extracted.done_page.days import DonePageDay, QuarantinedLine
from perf_pipeline.extracted.done_page.exports import ExportReading, read_exports
from perf_pipeline.extracted.done_page.files import ExportFile, list_exports
from perf_pipeline.extracted.done_page.holding import HeldFile, files_taking_away
from perf_pipeline.extracted.quarantining import UnusableRow, quarantine, resolve
from perf_pipeline.extracted.readings import DayCounts, Delivery, Merged, Reading, record_delivery
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES
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
    created_columns=("first_seen_at",),
    seen_columns=("last_seen_at",),
    updated_columns=("file_name", "modified_at"),
)


@dataclass(frozen=True)
class KnownDay:
    """A day as the extract has it: count and granularity by rating, and whether the counts may be incomplete."""

    figures: dict[int, tuple[int, str]]
    is_short: bool

    @property
    def ratings(self) -> int:
        """All ratings of the day."""
        return sum(count for count, _ in self.figures.values())


def extract_done_page(reading: Reading) -> Merged:
    """Read the days from the present files and merge them. A day that no file has stays as it is."""
    listed = list_exports(Path(reading.address))
    with transaction(reading.systems.warehouse) as connection:
        lock_for_writing(connection, reading.source.extract)
        known = known_days(connection, reading.service.slug, reading.days)
        found, waiting, newly_held = _usable(connection, reading, listed, known)
        rows = pd.DataFrame([row for day in found.days for row in _rows(reading, day)], columns=_COLUMNS)
        merge_versions(connection, _VERSIONING, rows, reading.now)
        lines = [*found.quarantined, *(file.line for file in newly_held)]
        quarantine(connection, reading, map(unusable, lines))
        _resolve_lines(connection, reading, found, listed)
        # These lines are in files that are no longer used for their days.
        resolve(connection, reading, (), (day.report_date for day in found.days))
        changes = {
            day.report_date: SourceChange.REVISED for day in found.days if differs(day, known.get(day.report_date))
        }
        changed = record_delivery(
            connection,
            reading,
            Delivery(_counts(found.days, lines), changes),
            is_stand_in=(Path(reading.address) / EXPORTS_NOTICE_FILE).exists(),
        )
        known_range = reading.systems.days_of(reading.service, reading.source.name) or reading.days
        record_listing(connection, reading.service.slug, listed, waiting, read=reading.days, known=known_range)
    return Merged(changed)


def _usable(
    connection: Connection, reading: Reading, listed: Sequence[ExportFile], known: dict[date, KnownDay]
) -> tuple[ExportReading, set[str], list[HeldFile]]:
    """The reading of the files that are not held, the names of the held files, and the files that are held since now."""
    slug = reading.service.sources[reading.source.name].slug or ""
    accepted = accepted_states(connection)
    before = last_listing(connection, reading.service.slug)
    states = {file.name: state_of(file) for file in listed}
    waiting = {name for name, state in states.items() if before.get(state, False) and state not in accepted}
    ratings = {day: found.ratings for day, found in known.items()}
    used_before = _files_used_before(connection, reading, listed)
    newly_held: list[HeldFile] = []
    while True:
        found = read_exports(
            [file for file in listed if file.name not in waiting],
            [slug],
            reading.days,
            accepted=[file for file in listed if state_of(file) in accepted],
        )
        more = files_taking_away(
            found.days,
            ratings,
            lambda name: states[name] not in before and states[name] not in accepted and name not in used_before,
        )
        if not more:
            return found, waiting, newly_held
        newly_held += more
        waiting |= {file.file_name for file in more}


def _files_used_before(connection: Connection, reading: Reading, listed: Sequence[ExportFile]) -> set[str]:
    """The names of files that had the same time when ratings were last taken from them: such a file was put back."""
    table = TABLES["extracted_feedback"].c
    statement = (
        select(table.file_name, table.modified_at)
        .where(table.service == reading.service.slug, table.source == reading.source.name)
        .where(table.file_name.in_([file.name for file in listed]))
        .distinct()
    )
    used = {tuple(row) for row in connection.execute(statement)}
    return {file.name for file in listed if (file.name, file.modified_at) in used}


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
    """Whether the source counted the day (`aggregate`), or we counted its single rows."""
    return "aggregate" if day.is_from_aggregate else "response"


def _key(reading: Reading, day: DonePageDay, rating: int) -> str:
    """A key for each version: the same day and rating in another reading is another row."""
    parts = (reading.service.slug, day.report_date, rating, day.file_sha256, reading.now.isoformat())
    return md5("|".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def differs(day: DonePageDay, known: KnownDay | None) -> bool:
    """Whether the day differs from the known day."""
    figures = {rating: (count, granularity(day)) for rating, count in enumerate(day.counts, start=1)}
    return known is None or figures != known.figures or day.is_whole == known.is_short


def known_days(connection: Connection, service: str, days: DayRange) -> dict[date, KnownDay]:
    """The days as the extract has them. Days that no export ever had are absent."""
    rows = run_sql(connection, _SQL / "known_days.sql", service=service, first_day=days.first, last_day=days.last)
    return {
        row.report_date: KnownDay({rating: (count, kind) for rating, count, kind in row.figures}, row.is_short)
        for row in rows
    }


def unusable(line: QuarantinedLine) -> UnusableRow:
    """The line as a row of the quarantine."""
    place = line.file_name if line.line_number is None else f"{line.file_name}:{line.line_number}"
    return UnusableRow(place, line.report_date, line.reason, line.file_name, line.detail)


def _resolve_lines(
    connection: Connection, reading: Reading, found: ExportReading, listed: Sequence[ExportFile]
) -> None:
    run_sql(
        connection,
        _SQL / "resolve_export_lines.sql",
        **reading.key,
        opened=[file.name for file in found.files],
        listed=[file.name for file in listed],
        first_day=reading.days.first,
        last_day=reading.days.last,
        now=reading.now,
    )


def _counts(days: Iterable[DonePageDay], lines: Iterable[QuarantinedLine]) -> dict[date, DayCounts]:
    unusable_lines = Counter(line.report_date for line in lines)
    counts = {}
    for day in days:
        bad, kept = unusable_lines[day.report_date], len(day.counts)
        counts[day.report_date] = DayCounts(read=kept + bad, kept=kept, quarantined=bad, is_short=not day.is_whole)
    return counts
