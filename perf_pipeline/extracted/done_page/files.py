"""Lists and opens Feedback Explorer export files: their named spans, their CSV rows and their hashes.

Here: everything that depends on the file system or the CSV format (DOMAIN 3.4). Not here: the meaning of a row (`rows`)
and which file is used for a day (`exports`). Free text is in memory for one row at a time. It is never stored, logged or
put into an error.
"""

import csv
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from perf_pipeline.catalogue.windows import FIRST_POSSIBLE_DAY
from perf_pipeline.errors import PermanentSourceError, SourceError, TransientSourceError

if TYPE_CHECKING:
    from _csv import Reader

    from _typeshed import WriteableBuffer

COLUMNS: Final = ("creation date", "path or service name", "feedback", "service satisfaction rating", "type")
"""The required columns, in any order. Other columns are ignored."""

_NAMED_SPAN: Final = re.compile(r"feedex_(\d{4}-\d{2}-\d{2}|)_(\d{4}-\d{2}-\d{2})(?!\d).*\.csv", re.IGNORECASE)
_NO_FROM: Final = ("", "0000-00-00")
_UNDECODABLE: Final = re.compile("[\udc80-\udcff]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BUFFER_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """FROM and TO of a name `feedex_FROM_TO_….csv`, both inclusive. `first` is None when the name has no FROM."""

    first: date | None
    last: date

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and day <= self.last


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One listed export file. Its content has not been read.

    `modified_at` is a UTC instant. `fault` is the reason why the file can't be opened.
    """

    path: Path
    name: str
    modified_at: datetime
    size_bytes: int
    span: NamedSpan | None
    fault: str | None = None

    def can_hold(self, day: date) -> bool:
        """Whether the day is possible: not before GOV.UK existed, and not after the file was made."""
        return FIRST_POSSIBLE_DAY <= day <= self.modified_at.date()


@dataclass(frozen=True, slots=True)
class ExportRow:
    """The five required columns of one row, as text. `line_number` is where the row starts (the header is 1).

    `fault` is the reason why the row is unreadable as CSV: `wrong_number_of_fields` (the texts are then empty),
    `nul_character` or `undecodable_bytes`.
    """

    line_number: int
    created: str
    page: str
    feedback: str
    rating: str
    kind: str
    fault: str | None = None


class UnusableExportError(Exception):
    """The whole file goes into quarantine. This error is always caught in this folder."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def list_exports(folder: Path) -> tuple[ExportFile, ...]:
    """List the CSV files of the folder, the newest first (modification time, then name).

    Hidden files and sub-folders are left out. So a running download with a temporary name is not listed.

    Raises:
        PermanentSourceError: the folder does not exist, is not a folder, or may not be read.
        TransientSourceError: a file was removed during the listing, or the disk failed.

    """
    try:
        paths = [path for path in folder.iterdir() if path.suffix.lower() == ".csv" and not path.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PermanentSourceError(
            f"The folder of Feedback Explorer exports is not there: expected a folder, found none at {folder}.",
            next_step="create it, or point PERF_FEEDBACK_EXPORTS_DIR at the folder the exports are saved to.",
        ) from error
    except OSError as error:
        raise _source_error(folder, error) from error
    files = [file for path in paths if (file := _stat(path)) is not None]
    return tuple(sorted(files, key=lambda file: (file.modified_at, file.name), reverse=True))


def named_span(name: str) -> NamedSpan | None:
    """The span in a file name. None when the name has no valid span."""
    match = _NAMED_SPAN.fullmatch(name)
    if match is None:
        return None
    try:
        first = None if match[1] in _NO_FROM else date.fromisoformat(match[1])
        last = date.fromisoformat(match[2])
    except ValueError:
        return None
    return NamedSpan(first, last) if first is None or first <= last else None


class OpenedExport:
    """One open export file, to be read once: first `rows()`, then `sha256()` of the same bytes."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._bytes = _HashingReader(raw)
        buffered = io.BufferedReader(self._bytes, _BUFFER_BYTES)
        self._text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")

    def rows(self) -> Iterator[ExportRow]:
        """Yield every row under the header.

        Raises:
            UnusableExportError: `header_not_recognised`, `csv_not_readable` (quotes do not match, or the file ends
                inside quotes) or `file_cut_short` (the file ends in the middle of a row).

        """
        reader = csv.reader(self._text, strict=True)
        try:
            header = next(reader, [])
            positions = _positions(header)
            yield from self._rows_under(reader, len(header), positions)
        except csv.Error as error:
            raise UnusableExportError("csv_not_readable") from error

    def _rows_under(self, reader: "Reader", width: int, positions: list[int]) -> Iterator[ExportRow]:
        line_number = reader.line_num + 1
        fields: list[str] = []
        for fields in reader:
            if len(fields) == width:
                created, page, feedback, rating, kind = (fields[position] for position in positions)
                yield ExportRow(line_number, created, page, feedback, rating, kind, text_fault("".join(fields)))
            elif fields:
                yield ExportRow(line_number, "", "", "", "", "", "wrong_number_of_fields")
            line_number = reader.line_num + 1
        if 0 < len(fields) < width and self._bytes.last_byte not in (b"\n", b"\r"):
            raise UnusableExportError("file_cut_short")

    def sha256(self) -> str:
        """The hash of the whole file. Reads the bytes that `rows()` has not read."""
        while self._bytes.read(_BUFFER_BYTES):
            pass
        return self._bytes.sha256.hexdigest()


@contextmanager
def opened_export(file: ExportFile) -> Iterator[OpenedExport]:
    """Open the file to read it once.

    Raises:
        UnusableExportError: `file_not_readable`: we have no right to read it.
        TransientSourceError: it was removed, the disk failed, or it changed after it was listed.

    """
    try:
        with file.path.open("rb", buffering=0) as raw:
            yield OpenedExport(raw)
        after = _stat(file.path)
    except PermissionError as error:
        raise UnusableExportError("file_not_readable") from error
    except OSError as error:
        raise _source_error(file.path, error) from error
    if after != file:
        raise TransientSourceError(
            f"The Feedback Explorer export {file.path} changed while it was being read.",
            next_step="run again when the file has been saved completely.",
        )


def text_fault(text: str) -> str | None:
    """The fault of a text with a NUL or with bytes that are not UTF-8. None for a valid text."""
    if "\0" in text:
        return "nul_character"
    if not text.isascii() and _UNDECODABLE.search(text):
        return "undecodable_bytes"
    return None


class _HashingReader(io.RawIOBase):
    """Hashes the bytes as they are read, so that hash and figures come from the same bytes."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__()
        self._raw = raw
        self.sha256 = hashlib.sha256()
        self.last_byte = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        chunk = self._raw.read(memoryview(buffer).nbytes) or b""
        memoryview(buffer)[: len(chunk)] = chunk
        if chunk:
            self.sha256.update(chunk)
            self.last_byte = chunk[-1:]
        return len(chunk)


def _positions(header: list[str]) -> list[int]:
    names = [name.strip().casefold() for name in header]
    if any(names.count(column) != 1 for column in COLUMNS):
        raise UnusableExportError("header_not_recognised")
    return [names.index(column) for column in COLUMNS]


def _stat(path: Path) -> ExportFile | None:
    """The file in its present state. An unusable file, such as a broken link, has a fault. None for a folder."""
    name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    try:
        found = path.stat()
    except FileNotFoundError:
        return ExportFile(path, name, _EPOCH, 0, None, "file_not_readable") if path.is_symlink() else None
    except OSError:
        return ExportFile(path, name, _EPOCH, 0, None, "file_not_readable")
    if not stat.S_ISREG(found.st_mode):
        return None
    try:
        modified_at = _EPOCH + timedelta(microseconds=found.st_mtime_ns // 1000)
    except OverflowError:
        return ExportFile(path, name, _EPOCH, found.st_size, None, "modification_time_impossible")
    fault = None if name == path.name else "name_not_utf8"
    return ExportFile(path, name, modified_at, found.st_size, named_span(name), fault)


def _source_error(path: Path, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return TransientSourceError(
            f"The Feedback Explorer export {path} was listed but is no longer there.",
            next_step="run again; if it was moved on purpose, nothing else is needed.",
        )
    if isinstance(error, PermissionError):
        return PermanentSourceError(
            f"The Feedback Explorer exports at {path} may not be read by this user.",
            next_step="give the user that runs perf-pipeline the right to read it, then run again.",
        )
    return TransientSourceError(
        f"The Feedback Explorer exports at {path} could not be read: {error.strerror or type(error).__name__}.",
        next_step="check the disk or the network share that holds it, then run again.",
    )
