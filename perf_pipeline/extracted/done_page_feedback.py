"""Ratings of the done page: from the Feedback Explorer exports into extracted_feedback, a row a page, UTC day and rating."""

from dataclasses import dataclass
from datetime import date
from hashlib import md5
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery
from perf_pipeline.extracted.quarantining import UnusableRow, quarantine, resolve
from perf_pipeline.sources.feedback_explorer import DonePageDay, ExportReading, QuarantinedLine, read_exports
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.versions import Versioning, merge_versions

_SQL = Path(__file__).parent / "sql"
_COLUMNS = [
    "service", "source", "report_date", "granularity", "feedback_key", "received_at", "rating", "ratings_count",
    "page_path", "delivery",
]  # fmt: skip
_VERSIONING = Versioning(
    "extracted_feedback",
    identity=("service", "source", "report_date", "rating"),
    compared=("ratings_count", "granularity"),
    born=("first_seen_at",),
    seen=("last_seen_at",),
    refreshed=("delivery",),
)


def extract_done_page_feedback(warehouse: Engine, folder: Path, slug: str, attempt: Attempt) -> None:
    """Read the exports' days of the attempt and merge them: a newer file that says otherwise supersedes, whole."""
    reading = read_exports(folder, [slug], attempt.days.first, attempt.days.last)
    with transaction(warehouse) as connection:
        lock_for_writing(connection, "extracted_feedback")
        held = held_days(connection, attempt.service, attempt.days)
        present = {file.file.name for file in reading.files}
        newer = [day for day in reading.days if supersedes(day, held.get(day.report_date), present)]
        rows = pd.DataFrame([row for day in newer for row in _rows(attempt, day)], columns=_COLUMNS)
        merge_versions(connection, _VERSIONING, rows, attempt.now)
        lines = [line for line in reading.quarantined if line.slug in (slug, None)]
        quarantine(connection, attempt, "extracted_feedback", map(unusable, lines))
        _resolve(connection, attempt, reading)
        # Lines of a file that a newer one has overtaken, whether or not it is still there.
        resolve(connection, attempt, (), (day.report_date for day in newer))
        frozen = {day.report_date: held[day.report_date].counts for day in reading.days if day not in newer}
        record_delivery(connection, attempt, _counts(newer, lines) | frozen)


def _rows(attempt: Attempt, day: DonePageDay) -> list[tuple[object, ...]]:
    return [
        (
            attempt.service,
            attempt.source_name,
            day.report_date,
            granularity(day),
            _key(attempt, day, rating),
            f"{day.report_date}T00:00:00Z",
            rating,
            count,
            f"/done/{day.slug}",
            _delivery(day),
        )
        for rating, count in enumerate(day.counts, start=1)
    ]


def granularity(day: DonePageDay) -> str:
    """Whether the day was counted by the source or, from single rows, by us."""
    return "aggregate" if day.is_from_aggregate else "response"


def is_short(day: DonePageDay) -> bool:
    """Whether the day's counts may be incomplete."""
    return day.has_quarantined_rows or not day.is_from_aggregate


def _key(attempt: Attempt, day: DonePageDay, rating: int) -> str:
    """Unique by version: the same day and rating out of another reading is another row."""
    parts = (attempt.service, day.report_date, rating, day.file_sha256, attempt.now.isoformat())
    return md5("|".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def _delivery(day: DonePageDay) -> str:
    """Sorts by age, as the rule of the newest file wants: modification time first, then name."""
    return f"{day.file_modified_at:%Y-%m-%dT%H:%M:%S.%f}Z {day.file_name}"


@dataclass(frozen=True)
class HeldDay:
    """What an earlier reading left of a day: the delivery in force, and what the ledger says of it."""

    delivery: str
    counts: DayCounts


def supersedes(day: DonePageDay, held: HeldDay | None, present: set[str]) -> bool:
    """Whether the folder's winner may replace what is held.

    Not when the newer file was only taken out of the folder, nor when rows of it can't be used and what is held is whole.
    """
    if held is not None and day.has_quarantined_rows and not held.counts.is_short:
        return False
    return held is None or _delivery(day) >= held.delivery or held.delivery.split(" ", 1)[1] in present


def held_days(connection: Connection, service: str, days: DayRange) -> dict[date, HeldDay]:
    """What is held of the days; those that no export ever held are absent."""
    rows = run_sql(
        connection, _SQL / "held_done_page_days.sql", service=service, first_day=days.first, last_day=days.last
    )
    return {
        row.report_date: HeldDay(
            row.delivery,
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
    return UnusableRow(place, line.report_date, line.reason)


def _resolve(connection: Connection, attempt: Attempt, reading: ExportReading) -> None:
    for file in reading.files:
        run_sql(
            connection,
            _SQL / "resolve_export_lines.sql",
            service=attempt.service,
            file_name=file.file.name,
            first_day=attempt.days.first,
            last_day=attempt.days.last,
            now=attempt.now,
        )


def _counts(days: list[DonePageDay], lines: list[QuarantinedLine]) -> dict[date, DayCounts]:
    counts = {}
    for day in days:
        bad = sum(line.report_date == day.report_date for line in lines)
        kept = len(day.counts)
        counts[day.report_date] = DayCounts(read=kept + bad, kept=kept, quarantined=bad, is_short=is_short(day))
    return counts
