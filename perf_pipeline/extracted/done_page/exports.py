"""Reads a folder of GOV.UK Feedback Explorer exports: CSV files in, the ratings of each page and day out.

Here: which file is used for a day, and which files need not be opened (DOMAIN 3.4). Not here: the days of one file
(`days`), one row (`rows`), files and CSV (`files`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.days import DonePageDay, ExportDays, QuarantinedLine, read_export
from perf_pipeline.extracted.done_page.files import ExportFile


@dataclass(frozen=True, slots=True)
class ExportReading:
    """The ratings of the requested days.

    `days`: at most one per page and UTC day, ordered by page and day. A missing day is not known yet.
    `quarantined`: lines of a requested day in the file that is used for it, lines without a readable day, whole files.
    `files`: the opened files, the newest first.
    """

    days: tuple[DonePageDay, ...]
    quarantined: tuple[QuarantinedLine, ...]
    files: tuple[ExportFile, ...]


def read_exports(
    files: Sequence[ExportFile], slugs: Collection[str], days: DayRange, *, accepted: Collection[ExportFile] = ()
) -> ExportReading:
    """Read the done-page ratings of the pages `slugs` on the UTC days, from `files`, the newest first.

    For each page and day the newest file with the whole day is used, or else the newest file with a part of it. A file is
    opened only if a requested day is in its named span and no newer file has the whole day. The result for a day does not
    depend on the other requested days. Raises TransientSourceError when a file was removed or changed while it was read.
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
