"""The reader of GOV.UK Feedback Explorer exports: a folder of CSV files in, one figure a page and day out.

Belongs here: which file wins a day, and which files need no reading (DOMAIN 3.4). Doesn't belong here: one file's days
(`feedback_explorer_days`), one row (`feedback_explorer_rows`), files and CSV (`feedback_explorer_files`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from perf_pipeline.extracted.done_page.days import (
    DonePageDay,
    ExportDays,
    FileReading,
    QuarantinedLine,
    read_export,
)
from perf_pipeline.extracted.done_page.files import ExportFile, list_exports

__all__ = [
    "DonePageDay",
    "ExportFile",
    "ExportReading",
    "FileReading",
    "QuarantinedLine",
    "list_exports",
    "read_exports",
]


@dataclass(frozen=True, slots=True)
class ExportReading:
    """What the exports say about the days asked for.

    `days`: at most one for each page and UTC day, ordered by page and day; a day that is absent is not known yet.
    `quarantined`: lines of the days asked for in the file that won them, lines whose day can't be read, whole files.
    `files`: those that were read, the newest first.
    """

    days: tuple[DonePageDay, ...]
    quarantined: tuple[QuarantinedLine, ...]
    files: tuple[FileReading, ...]


def read_exports(folder: Path, slugs: Collection[str], first_day: date, last_day: date) -> ExportReading:
    """Read the done-page ratings of the pages `slugs` on the UTC days from `first_day` to `last_day`, both included.

    For a page and day the newest file that holds it wins, whole. A file is opened only where a day of its named span
    is asked for and no newer file holds it. What is said of a day doesn't depend on the other days asked for.

    Raises:
        PermanentSourceError: the folder or a file in it is absent or closed to us.
        TransientSourceError: a file vanished or changed while it was being read, or the disk failed.

    """
    pages = frozenset(slugs)
    asked = [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]
    won: dict[tuple[str, date], DonePageDay] = {}
    read: list[ExportDays] = []
    for file in list_exports(folder):
        open_days = [(slug, day) for slug in pages for day in _within(asked, file) if (slug, day) not in won]
        if open_days:
            read.append(export := read_export(file, pages))
            if not export.is_blank:
                won.update(_held(export, open_days))
    # A blank export may be of any page, so it speaks only where no file with rows does.
    for export in filter(lambda export: export.is_blank, read):
        won.update(_held(export, [(slug, day) for slug in pages for day in asked if (slug, day) not in won]))
    return ExportReading(
        days=tuple(won[key] for key in sorted(won)),
        quarantined=_quarantined(read, won, first_day, last_day),
        files=tuple(export.reading() for export in read),
    )


def _within(days: list[date], file: ExportFile) -> list[date]:
    if file.span is None:
        return days
    return [day for day in days if file.span[0] <= day < file.span[1]]


def _held(export: ExportDays, keys: list[tuple[str, date]]) -> dict[tuple[str, date], DonePageDay]:
    return {key: found for key in keys if (found := export.day(*key)) is not None}


def _quarantined(
    read: list[ExportDays], won: dict[tuple[str, date], DonePageDay], first_day: date, last_day: date
) -> tuple[QuarantinedLine, ...]:
    def is_wanted(line: QuarantinedLine) -> bool:
        if line.report_date is None:
            return True
        winner = won.get((line.slug or "", line.report_date))
        return first_day <= line.report_date <= last_day and (winner is None or winner.file_name == line.file_name)

    lines = [line for export in read for line in export.quarantined if is_wanted(line)]
    return tuple(sorted(lines, key=lambda line: (line.file_name, line.line_number or 0)))
