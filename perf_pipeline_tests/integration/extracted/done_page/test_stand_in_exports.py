"""The stand-in export folder, written and read back: the published months to the digit, and a night later."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from perf_pipeline.catalogue.demonstration import EXPORTS_NOTICE_FILE
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS
from perf_pipeline.demo.rating_model import MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE, daily_ratings
from perf_pipeline.errors import SettingsError
from perf_pipeline.extracted.done_page.days import DonePageDay
from perf_pipeline.extracted.done_page.exports import ExportReading, read_exports
from perf_pipeline.extracted.done_page.files import list_exports

PAGES = (MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE)
FIRST_DAY, LAST_DAY = date(2025, 5, 1), date(2026, 7, 14)
RUNNING = "feedex_2026-07-01_2026-07-14_lpa.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "with spaces" / "exports"
    write_exports(folder, FIRST_DAY, LAST_DAY)
    return folder


@pytest.fixture(scope="module")
def reading(folder: Path) -> ExportReading:
    return read(folder, FIRST_DAY, LAST_DAY)


def read(folder: Path, first: date, last: date) -> ExportReading:
    return read_exports(list_exports(folder), PAGES, DayRange(first, last))


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.csv")}


def figures(days: tuple[DonePageDay, ...]) -> dict[tuple[str, date], tuple[int, ...]]:
    return {(day.slug, day.report_date): day.counts for day in days}


@pytest.mark.parametrize("month", PUBLISHED_MONTHS)
def test_a_published_month_reads_back_exactly(reading: ExportReading, month: str) -> None:
    days = [day for day in reading.days if day.slug == MAKE_AN_LPA_PAGE and f"{day.report_date:%Y-%m}" == month]
    sums = tuple(map(sum, zip(*(day.counts for day in days), strict=True)))
    assert sums == tuple(reversed(PUBLISHED_MONTHS[month].ratings))
    assert all(day.is_from_aggregate and not day.may_be_short for day in days)


def test_every_day_of_both_pages_reads_back_as_the_model_made_it(reading: ExportReading) -> None:
    days = [FIRST_DAY + timedelta(days=offset) for offset in range((LAST_DAY - FIRST_DAY).days + 1)]
    assert figures(reading.days) == {(page, day): daily_ratings(page, day) for page in PAGES for day in days}


def test_only_the_last_day_waits_for_its_aggregate(reading: ExportReading) -> None:
    waiting = [(day.slug, day.report_date) for day in reading.days if not day.is_from_aggregate]
    assert waiting == [(page, LAST_DAY) for page in PAGES]


def test_a_few_rows_a_year_end_in_quarantine_and_shorten_no_day(reading: ExportReading) -> None:
    assert {line.reason for line in reading.quarantined} == {
        "rating_outside_scale",
        "unreadable_count",
        "unreadable_date",
    }
    assert len(reading.quarantined) == 4
    assert not any(day.may_be_short for day in reading.days)


def test_an_older_overlapping_file_holds_other_numbers_and_loses(folder: Path) -> None:
    early, whole = folder / "feedex_2026-05-01_2026-05-14_lpa.csv", folder / "feedex_2026-05-01_2026-05-31_lpa.csv"
    assert early.stat().st_mtime < whole.stat().st_mtime
    first_aggregates = [next(row["feedback"] for row in rows_of(path)) for path in (early, whole)]
    assert first_aggregates[0] != first_aggregates[1]


def test_the_files_hold_what_makes_real_exports_awkward(folder: Path) -> None:
    old, new = folder / "feedex_2025-12-01_2025-12-31_lpa.csv", folder / "feedex_2026-01-01_2026-01-31_lpa.csv"
    assert [len(next(rows_of(path))) for path in (old, new)] == [10, 12]
    rows = list(rows_of(old))
    assert {row["type"] for row in rows} == {
        "aggregated-service-feedback",
        "service-feedback",
        "problem-report",
        "long-form-contact",
    }
    texts = "".join(row["feedback"] for row in rows)
    assert all(awkward in texts for awkward in ('"', ",", "\n", "\r\n", "&lt;script&gt;", "01632 960", "@example.com"))
    assert any(row["path or service name"] == "/done/register-to-vote" for row in rows)
    singles = sum(row["path or service name"] == MAKE_AN_LPA_PAGE for row in rows if row["type"] == "service-feedback")
    assert singles == pytest.approx(0.04 * sum(PUBLISHED_MONTHS["2025-12"].ratings), rel=0.2)


def test_files_carry_the_time_at_which_a_person_would_have_saved_them(folder: Path) -> None:
    june = folder / "feedex_2026-06-01_2026-06-30_lpa.csv"
    assert june.stat().st_mtime == datetime(2026, 7, 3, 9, tzinfo=UTC).timestamp()
    assert (folder / RUNNING).stat().st_mtime == datetime(2026, 7, 15, 1, tzinfo=UTC).timestamp()


def test_writing_again_touches_nothing_and_writing_elsewhere_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    before = stamps(folder)
    paths = write_exports(folder, FIRST_DAY, LAST_DAY)
    assert stamps(folder) == before
    assert sorted(path.name for path in paths) == sorted(before)
    again = write_exports(tmp_path, FIRST_DAY, LAST_DAY)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    assert stamps(tmp_path) == before


def test_a_damaged_file_is_put_right_and_no_partial_file_stays(tmp_path: Path) -> None:
    (path,) = write_exports(tmp_path, LAST_DAY, LAST_DAY)
    good = path.read_bytes()
    path.write_bytes(good[:1000])
    write_exports(tmp_path, LAST_DAY, LAST_DAY)
    assert path.read_bytes() == good
    assert {found.name for found in tmp_path.iterdir()} == {RUNNING, EXPORTS_NOTICE_FILE}


@pytest.mark.parametrize("last_day", [date(2026, 7, 14), date(2026, 7, 30), date(2026, 7, 31), date(2026, 8, 1)])
def test_a_night_later_the_day_has_its_aggregate_and_the_same_counts(tmp_path: Path, last_day: date) -> None:
    write_exports(tmp_path, date(2026, 7, 1), last_day)
    evening = read(tmp_path, last_day, last_day).days
    write_exports(tmp_path, date(2026, 7, 1), last_day + timedelta(days=1))
    next_day = read(tmp_path, last_day, last_day).days
    assert figures(evening) == figures(next_day) == {(page, last_day): daily_ratings(page, last_day) for page in PAGES}
    assert [day.is_from_aggregate for day in (*evening, *next_day)] == [False, False, True, True]


def test_a_folder_that_cannot_be_written_is_named_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="PERF_HOME"):
        write_exports(tmp_path / "file" / "exports", LAST_DAY, LAST_DAY)
