"""What the Feedback Explorer exports would change of the extract, and which of them need not be opened to know it.

A file is settled once it was compared and said nothing that the extract lacks. Until its size or modification time
changes it is left closed. Settling is knowledge of the nightly plan: an extraction reads few days, and a file that it
has opened may still have news for others.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.extracted.done_page_feedback import granularity, held_days, is_short, supersedes, unusable
from perf_pipeline.sources.feedback_explorer import (
    DonePageDay,
    ExportFile,
    ExportReading,
    QuarantinedLine,
    list_exports,
    read_exports,
)
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline.warehouse.statements import run_sql, run_sql_for_each

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class ExportChanges:
    """The days on which extracting them again would change something, and the files that the plan may leave closed."""

    days: frozenset[date] = frozenset()
    settled: tuple[ExportFile, ...] = ()


def changes_by_exports(warehouse: Engine, folder: Path, slugs: dict[str, str]) -> ExportChanges:
    """Compare the files that are new or changed with all days that were ever asked for.

    `slugs` are the pages by service. Raises what `read_exports` raises.
    """
    files = list_exports(folder)
    with connected(warehouse) as connection:
        known = {(row.file_name, row.modified_at, row.size_bytes_count) for row in run_sql(connection, _SETTLED)}
        news = [file for file in files if (file.name, file.modified_at, file.size_bytes) not in known]
        days = _days_within(_asked_for(connection), news)
        if days is None:
            return ExportChanges(settled=tuple(news))
        reading = read_exports(folder, slugs.values(), days.first, days.last)
        changed = frozenset(
            day
            for service, slug in slugs.items()
            for day in _changed(connection, service, slug, days, reading, {file.name: file for file in files})
        )
    return ExportChanges(changed, () if changed else tuple(news))


_SETTLED = _SQL / "settled_export_files.sql"


def settle(warehouse: Engine, files: Iterable[ExportFile], now: datetime) -> None:
    """Note that the files say nothing that the extract lacks."""
    with transaction(warehouse) as connection:
        run_sql_for_each(
            connection,
            _SQL / "settle_export_file.sql",
            [
                {
                    "file_name": file.name,
                    "modified_at": file.modified_at,
                    "size_bytes_count": file.size_bytes,
                    "now": now,
                }
                for file in files
            ],
        )


def _asked_for(connection: Connection) -> DayRange | None:
    asked = run_sql(connection, _SQL / "done_page_days_asked_for.sql").one()
    return DayRange(asked.first_day, asked.last_day) if asked.first_day else None


def _days_within(asked: DayRange | None, files: Collection[ExportFile]) -> DayRange | None:
    """The days asked for that the files may say something about; rows outside of a named span don't count."""
    if asked is None or not files:
        return None
    spans = [file.span or (asked.first, asked.last + ONE_DAY) for file in files]
    first, last = (
        max(asked.first, min(start for start, _ in spans)),
        min(asked.last, max(end for _, end in spans) - ONE_DAY),
    )
    return DayRange(first, last) if first <= last else None


def _changed(
    connection: Connection,
    service: str,
    slug: str,
    days: DayRange,
    reading: ExportReading,
    files: dict[str, ExportFile],
) -> Iterator[date]:
    held = held_days(connection, service, days)
    counts = _held_counts(connection, service, days)
    present = {file.file.name for file in reading.files}
    winners = {day.report_date: day for day in reading.days if day.slug == slug}
    for date_, day in winners.items():
        before = held.get(date_)
        is_other = before is None or counts.get(date_) != _counts(day) or before.counts.is_short != is_short(day)
        if is_other and supersedes(day, before, present):
            yield date_
    yield from _days_of_new_lines(connection, service, slug, days, reading, winners, files)


def _counts(day: DonePageDay) -> dict[int, tuple[int, str]]:
    return {rating: (count, granularity(day)) for rating, count in enumerate(day.counts, start=1)}


def _held_counts(connection: Connection, service: str, days: DayRange) -> dict[date, dict[int, tuple[int, str]]]:
    rows = run_sql(
        connection, _SQL / "held_done_page_counts.sql", service=service, first_day=days.first, last_day=days.last
    )
    counts: dict[date, dict[int, tuple[int, str]]] = {}
    for row in rows:
        counts.setdefault(row.report_date, {})[row.rating] = (row.ratings_count, row.granularity)
    return counts


def _days_of_new_lines(
    connection: Connection,
    service: str,
    slug: str,
    days: DayRange,
    reading: ExportReading,
    winners: dict[date, DonePageDay],
    files: dict[str, ExportFile],
) -> Iterator[date]:
    """The day of each unusable line that nobody was told about; without one, a day whose extraction opens the file."""
    rows = run_sql(connection, _SQL / "told_export_lines.sql", service=service)
    told = {(row.row_ref, row.reason) for row in rows}
    for line in reading.quarantined:
        row = unusable(line)
        if line.slug in (slug, None) and (row.row_ref, row.reason) not in told:
            day = line.report_date or _opening(line, days, winners, files)
            if day is not None and day in days:
                yield day


def _opening(
    line: QuarantinedLine, days: DayRange, winners: dict[date, DonePageDay], files: dict[str, ExportFile]
) -> date | None:
    """The newest day that no newer file holds, so that asking for it opens the file of the line."""
    file = files[line.file_name]
    for day in sorted(days, reverse=True):
        winner = winners.get(day)
        is_within = file.span is None or file.span[0] <= day < file.span[1]
        is_opened = winner is None or (winner.file_modified_at, winner.file_name) <= (file.modified_at, file.name)
        if is_within and is_opened:
            return day
    return None
