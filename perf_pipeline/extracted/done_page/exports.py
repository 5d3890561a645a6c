"""Reads a folder of GOV.UK Feedback Explorer exports: CSV files in, one figure a page and day out.

Here: which file wins a day, and which files need no reading (DOMAIN 3.4). Not here: one file's days (`days`), one row
(`rows`), files and CSV (`files`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.days import DonePageDay, ExportDays, QuarantinedLine, read_export
from perf_pipeline.extracted.done_page.files import ExportFile


@dataclass(frozen=True, slots=True)
class ExportReading:
    """What the exports say about the days asked for.

    `days`: at most one for each page and UTC day, ordered by page and day; a day that is absent is not known yet.
    `quarantined`: lines of the days asked for in the file that won them, lines whose day can't be read, whole files.
    `files`: those that were opened, the newest first.
    """

    days: tuple[DonePageDay, ...]
    quarantined: tuple[QuarantinedLine, ...]
    files: tuple[ExportFile, ...]


def read_exports(
    files: Sequence[ExportFile], slugs: Collection[str], days: DayRange, *, accepted: Collection[ExportFile] = ()
) -> ExportReading:
    """Read the done-page ratings of the pages `slugs` on the UTC days, out of `files`, the newest first.

    For a page and day the newest file that holds it whole wins; where none does, the newest that holds it at all. A file is
    opened only where a day of its named span is asked for and no newer file holds it whole. What is said of a day doesn't
    depend on the other days asked for. Raises TransientSourceError when a file vanished or changed while it was being read.
    """
    pages = frozenset(slugs)
    won: dict[tuple[str, date], DonePageDay] = {}
    opened: list[ExportDays] = []
    for file in files:
        wanted = [
            (slug, day)
            for slug in pages
            for day in days
            if (file.span is None or day in file.span) and not ((slug, day) in won and won[slug, day].is_whole)
        ]
        if wanted:
            opened.append(export := read_export(file, pages, is_accepted=file in accepted))
            for key in wanted:
                found = export.day(*key)
                if found is not None and (found.is_whole or key not in won):
                    won[key] = found
    return ExportReading(
        days=tuple(won[key] for key in sorted(won)),
        quarantined=_quarantined(opened, won, days),
        files=tuple(export.file for export in opened),
    )


def _quarantined(
    opened: list[ExportDays], won: dict[tuple[str, date], DonePageDay], days: DayRange
) -> tuple[QuarantinedLine, ...]:
    def is_wanted(line: QuarantinedLine) -> bool:
        if line.report_date is None:
            return True
        winner = won.get((line.slug or "", line.report_date))
        return line.report_date in days and (winner is None or winner.file_name == line.file_name)

    lines = [line for export in opened for line in export.quarantined() if is_wanted(line)]
    return tuple(sorted(lines, key=lambda line: (line.file_name, line.line_number or 0)))
