"""Export files as files: headers, encodings, broken ones, those that can't be opened, the hash of what was read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import PermanentSourceError, TransientSourceError
from perf_pipeline.extracted.done_page.days import read_export
from perf_pipeline.extracted.done_page.exports import ExportReading, read_exports
from perf_pipeline.extracted.done_page.files import list_exports

LPA = "lasting-power-of-attorney"
HEADER = b"creation date,path or service name,feedback,service satisfaction rating,type\n"
GOOD = b"2026-05-01 10:00:00,lasting-power-of-attorney,fine,5,service-feedback\n"
OTHER_ORDER = (
    b"Type,Extra,Feedback,Creation Date , service satisfaction rating,path or service name\n"
    b"service-feedback,,fine,2026-05-01 10:00:00,5,/done/lasting-power-of-attorney\n"
)
UNPRIVILEGED_USER_ID = 65534


def read(folder: Path) -> ExportReading:
    return read_exports(list_exports(folder), [LPA], DayRange(date(2026, 5, 1), date(2026, 5, 1)))


def counts(reading: ExportReading) -> list[tuple[int, ...]]:
    return [day.counts for day in reading.days]


@contextmanager
def without_privileges() -> Iterator[None]:
    """File modes mean nothing to root: be somebody else for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(UNPRIVILEGED_USER_ID)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + GOOD,
        b"\xef\xbb\xbf" + HEADER + GOOD,
        HEADER.replace(b"\n", b"\r\n") + GOOD.replace(b"\n", b"\r\n"),
        HEADER + GOOD.rstrip(b"\n"),
        HEADER + b"\n" + GOOD + b"\n\n",
        OTHER_ORDER,
        HEADER + GOOD.replace(b"fine", b'"on\ntwo ""lines"", or\r\nthree"'),
        HEADER + GOOD.replace(b"fine", "Cymraeg – £".encode()),
    ],
    ids=["plain", "bom", "crlf", "no_last_newline", "blank_lines", "other_order", "newlines_in_quotes", "utf8"],
)
def test_columns_are_found_by_name_in_whatever_dress_the_file_comes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "export.CSV").write_bytes(content)
    reading = read(tmp_path)
    assert (counts(reading), reading.quarantined) == ([(0, 0, 0, 0, 1)], ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "header_not_recognised"),
        (b"creation date,feedback,type\n" + GOOD, "header_not_recognised"),
        (HEADER.replace(b",type", b",type,type") + GOOD, "header_not_recognised"),
        ((HEADER + GOOD).decode().encode("utf-16"), "header_not_recognised"),
        (HEADER + GOOD + GOOD.replace(b"fine", b'"fine'), "csv_not_readable"),
        (HEADER + GOOD.replace(b"fine", b'"fine"ly') + GOOD, "csv_not_readable"),
        (HEADER + GOOD + b"2026-05-01 10:00:00,lasting-pow", "file_cut_short"),
    ],
    ids=["empty", "columns_lacking", "column_twice", "utf16", "ends_in_quotes", "broken_quotes", "ends_in_a_row"],
)
def test_an_unusable_file_is_quarantined_whole_and_the_other_files_are_used(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    (tmp_path / "good.csv").write_bytes(HEADER + GOOD)
    os.utime(tmp_path / "good.csv", (1_780_000_000, 1_780_000_000))
    reading = read(tmp_path)
    assert counts(reading) == [(0, 0, 0, 0, 1)]
    (line,) = reading.quarantined
    assert (line.file_name, line.line_number, line.reason) == ("bad.csv", None, reason)


def test_an_unusable_file_zeroes_no_day_of_the_span_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "feedex_2026-05-01_2026-06-01_lpa.csv").write_bytes(b"not an export\n")
    assert read(tmp_path).days == ()


@pytest.mark.parametrize("text", [b"caf\xe9", b"\xff\xfe"])
def test_a_row_with_bytes_that_are_no_utf8_is_quarantined(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "export.csv").write_bytes(HEADER + GOOD.replace(b"fine", text) + GOOD)
    reading = read(tmp_path)
    assert counts(reading) == [(0, 0, 0, 0, 1)]
    assert [(line.line_number, line.reason) for line in reading.quarantined] == [(2, "undecodable_bytes")]


def test_the_hash_is_of_the_whole_file(tmp_path: Path) -> None:
    content = HEADER + GOOD * 9_000
    (tmp_path / "a.csv").write_bytes(content)
    (file,) = list_exports(tmp_path)
    assert read_export(file, {LPA}).sha256 == sha256(content).hexdigest()


def test_only_finished_csv_files_of_the_folder_itself_are_listed(tmp_path: Path) -> None:
    for name in (".hidden.csv", "notes.txt", "export.csv.part", "one.csv"):
        (tmp_path / name).write_bytes(HEADER)
    (tmp_path / "folder.csv").mkdir()
    assert [file.name for file in list_exports(tmp_path)] == ["one.csv"]


def test_files_are_listed_by_the_time_they_were_saved_then_by_name_the_newest_first(tmp_path: Path) -> None:
    for name in "dbeagcf":
        path = tmp_path / f"{name}.csv"
        path.write_bytes(HEADER)
        os.utime(path, (1_700_000_000 + (name == "c"),) * 2)
    assert "".join(file.path.stem for file in list_exports(tmp_path)) == "cgfedba"


def test_an_empty_folder_is_no_fault_and_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == ExportReading((), (), ())


def test_an_absent_folder_is_a_permanent_error_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(PermanentSourceError, match="PERF_FEEDBACK_EXPORTS_DIR"):
        read(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(PermanentSourceError, match="expected a folder"):
        read(tmp_path / "file")


def test_a_file_that_may_not_be_read_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "closed.csv").write_bytes(HEADER + GOOD)
    (file,) = list_exports(tmp_path)
    file.path.chmod(0)
    with without_privileges():
        (line,) = read_export(file, {LPA}).quarantined()
    assert (line.file_name, line.line_number, line.reason) == ("closed.csv", None, "file_not_readable")


def dangling_link(folder: Path) -> str:
    (folder / "bad.csv").symlink_to(folder / "nowhere.csv")
    return "file_not_readable"


def link_to_itself(folder: Path) -> str:
    (folder / "bad.csv").symlink_to(folder / "bad.csv")
    return "file_not_readable"


def name_that_is_not_utf8(folder: Path) -> str:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")).write_bytes(HEADER + GOOD)
    return "name_not_utf8"


@pytest.mark.parametrize(
    "spoil",
    [dangling_link, link_to_itself, name_that_is_not_utf8],
    ids=lambda spoil: spoil.__name__,
)
def test_a_file_that_is_strange_as_a_file_is_quarantined_and_the_others_are_used(
    tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    reason = spoil(tmp_path)
    (tmp_path / "good.csv").write_bytes(HEADER + GOOD)
    reading = read(tmp_path)
    assert counts(reading) == [(0, 0, 0, 0, 1)]
    (line,) = reading.quarantined
    assert (line.line_number, line.reason) == (None, reason)
    line.file_name.encode()


def test_a_folder_that_may_not_be_listed_is_a_permanent_error(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    with without_privileges(), pytest.raises(PermanentSourceError, match="may not be read"):
        list_exports(folder)


def test_a_file_that_vanishes_after_the_listing_is_a_transient_error(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(HEADER + GOOD)
    (file,) = list_exports(tmp_path)
    file.path.unlink()
    with pytest.raises(TransientSourceError, match=r"export\.csv was listed but is no longer there"):
        read_export(file, {LPA})


def test_a_file_that_changes_after_the_listing_is_a_transient_error(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(HEADER + GOOD)
    (file,) = list_exports(tmp_path)
    with file.path.open("ab") as more:
        more.write(GOOD)
    with pytest.raises(TransientSourceError, match=r"export\.csv changed while it was being read"):
        read_export(file, {LPA})


def test_a_file_from_beyond_the_calendar_is_quarantined() -> None:
    # Of the usual file systems only one in memory keeps such a time.
    with TemporaryDirectory(dir="/dev/shm") as folder:
        (Path(folder) / "bad.csv").write_bytes(HEADER + GOOD)
        os.utime(Path(folder) / "bad.csv", (400_000_000_000, 400_000_000_000))
        assert [line.reason for line in read(Path(folder)).quarantined] == ["modification_time_impossible"]
