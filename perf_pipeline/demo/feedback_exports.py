"""The stand-in folder of Feedback Explorer exports, as if a person had downloaded one file each month.

Here: which files exist, which span each covers, when it was saved. Not here: the content of the files
(`feedback_export_rows`). The reader gets exactly the ratings of `rating_model` from the folder, and so exactly the
published months of DOMAIN 2.1.
"""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from perf_pipeline.catalogue.demonstration import EXPORTS_NOTICE_FILE, NOTICE
from perf_pipeline.demo.feedback_export_rows import NEW_HEADER, OLD_HEADER, day_rows, unusable_rows
from perf_pipeline.errors import SettingsError

_NEW_HEADER_FROM: Final = date(2026, 1, 1)
_MONTHS_SAVED_TWICE: Final = (5, 11)
_EARLY_SHARE_PERCENT: Final = 95


@dataclass(frozen=True, slots=True)
class _Export:
    """A file to write: days [start, end), aggregated before `aggregated_to`. Its name has the first and last day.

    `saved_at` is in UTC.
    """

    start: date
    end: date
    aggregated_to: date
    saved_at: datetime
    share_percent: int = 100
    has_unusable_rows: bool = False

    @property
    def name(self) -> str:
        return f"feedex_{self.start}_{self.end - timedelta(days=1)}_lpa.csv"


def write_exports(folder: Path, first_day: date, last_day: date) -> list[Path]:
    """Write the exports of both services' pages from the month of `first_day` to `last_day` (UTC days, inclusive).

    Each whole month has one file. The current month has a file up to `last_day`, whose aggregate does not exist yet.
    Some past months have a second, older file with lower numbers, which the reader must ignore. The bytes depend only
    on the two days. A file with the same content is left as it is, any other file is replaced. Files of an earlier call
    stay. A text file beside them says that they are no real exports.

    Returns the paths of all files of these days, written now or before. Raises SettingsError when the folder is not
    writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        notice = folder / EXPORTS_NOTICE_FILE
        if not notice.exists():
            notice.write_text(f"{NOTICE}\n", encoding="utf-8")
        return [_write(folder, export) for export in _exports(first_day, last_day)]
    except OSError as error:
        raise SettingsError(
            f"The stand-in Feedback Explorer exports could not be written to {folder}: {error.strerror}.",
            next_step="point PERF_HOME at a folder with free space that this user may write to.",
        ) from error


def _write(folder: Path, export: _Export) -> Path:
    path = folder / export.name
    content = _content(export)
    if not path.exists() or path.read_bytes() != content:
        _replace(path, content, export.saved_at)
    return path


def _exports(first_day: date, last_day: date) -> Iterator[_Export]:
    month = first_day.replace(day=1)
    now = _at(last_day + timedelta(days=1), hour=1)
    while month <= last_day:
        following = (month + timedelta(days=31)).replace(day=1)
        is_past = following <= last_day
        if is_past and month.month in _MONTHS_SAVED_TWICE:
            middle = month.replace(day=15)
            early = _at(middle, hour=1)
            yield _Export(month, middle, middle - timedelta(days=1), early, _EARLY_SHARE_PERCENT)
        saved_at = min(_at(following + timedelta(days=2), hour=9), now)
        end = min(following, last_day + timedelta(days=1))
        yield _Export(month, end, min(end, last_day), saved_at, has_unusable_rows=is_past)
        month = following


def _at(day: date, *, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def _content(export: _Export) -> bytes:
    header = NEW_HEADER if export.start >= _NEW_HEADER_FROM else OLD_HEADER
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for number in range((export.end - export.start).days):
        day = export.start + timedelta(days=number)
        rows = day_rows(day, is_aggregated=day < export.aggregated_to, share_percent=export.share_percent)
        writer.writerows(row[: len(header)] for row in rows)
    if export.has_unusable_rows:
        writer.writerows(row[: len(header)] for row in unusable_rows(export.start))
    return text.getvalue().encode()


def _replace(path: Path, content: bytes, saved_at: datetime) -> None:
    """Replace the file by one rename, so that nobody ever reads half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        os.utime(partial, (saved_at.timestamp(), saved_at.timestamp()))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
