"""What the Feedback Explorer exports say about each page and day: the rules of DOMAIN 3.4, one a test."""

import csv
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.days import DonePageDay
from perf_pipeline.extracted.done_page.exports import ExportReading, read_exports
from perf_pipeline.extracted.done_page.files import list_exports

LPA, USE = "lasting-power-of-attorney", "use-lasting-power-of-attorney"
HEADER = ["creation date", "path or service name", "feedback", "service satisfaction rating", "type"]
MAY = "feedex_2026-05-01_2026-05-31_lpa.csv"
END = 31
"""The last day of MAY: a file whose rows reach it can be whole."""
EARLY_JUNE = datetime(2026, 6, 3, 9, tzinfo=UTC)


def aggregate(day: int, rating: object, count: object, page: str = LPA, month: int = 5) -> list[str]:
    text = f"Rating of {rating}: {count}"
    return [f"2026-{month:02}-{day:02} 00:00:00", f"/done/{page}", text, "", "aggregated-service-feedback"]


def single(day: int, rating: object, page: str = LPA, at: str = "10:00:00", month: int = 5) -> list[str]:
    return [f"2026-{month:02}-{day:02} {at}", page, 'said "so",\nand more', str(rating), "service-feedback"]


def save(folder: Path, name: str, *rows: list[str], modified_at: datetime = EARLY_JUNE) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    os.utime(path, (modified_at.timestamp(), modified_at.timestamp()))
    return path


def read(folder: Path, first: int = 1, last: int = 31, *, slugs: tuple[str, ...] = (LPA,)) -> ExportReading:
    return read_exports(list_exports(folder), slugs, DayRange(date(2026, 5, first), date(2026, 5, last)))


def one_day(folder: Path, day: int = 1) -> DonePageDay:
    (found,) = read(folder, day, day).days
    return found


def reasons(reading: ExportReading) -> list[tuple[int | None, str]]:
    return [(line.line_number, line.reason) for line in reading.quarantined]


def test_rating_and_count_are_read_from_the_text_of_the_aggregate(tmp_path: Path) -> None:
    path = save(tmp_path, MAY, aggregate(1, 5, 274), aggregate(1, 1, 3), aggregate(END, 5, 1))
    day = one_day(tmp_path)
    assert (day.slug, day.report_date, day.counts) == (LPA, date(2026, 5, 1), (3, 0, 0, 0, 274))
    assert (day.is_from_aggregate, day.may_be_short) == (True, False)
    assert (day.file_name, day.file_modified_at) == (path.name, EARLY_JUNE)


def test_single_rows_are_never_added_to_an_aggregate(tmp_path: Path) -> None:
    save(tmp_path, MAY, single(1, 5), aggregate(1, 5, 7), single(1, 1))
    assert one_day(tmp_path).counts == (0, 0, 0, 0, 7)


def test_a_day_without_an_aggregate_is_counted_from_its_single_rows_and_is_not_final(tmp_path: Path) -> None:
    save(tmp_path, MAY, single(1, 5), single(1, 5, at="23:59:59"), single(1, 2), single(2, 4, at="00:00:00"))
    day = one_day(tmp_path)
    assert (day.counts, day.is_from_aggregate) == ((0, 1, 0, 0, 2), False)


def days_of(reading: ExportReading) -> dict[int, int]:
    """Ratings by day of May."""
    return {day.report_date.day: sum(day.counts) for day in reading.days}


def test_the_day_of_a_response_is_the_utc_day_even_in_summer(tmp_path: Path) -> None:
    save(tmp_path, MAY, single(1, 5, at="23:30:00"), aggregate(2, 5, 7))
    assert days_of(read(tmp_path)) == {1: 1, 2: 7}


def test_a_whole_file_earns_its_zeros_to_included(tmp_path: Path) -> None:
    save(tmp_path, "feedex_2026-05-03_2026-05-06_lpa.csv", aggregate(3, 5, 1), aggregate(6, 5, 2))
    reading = read(tmp_path)
    assert days_of(reading) == {3: 1, 4: 0, 5: 0, 6: 2}
    assert all(day.is_whole for day in reading.days)


def test_an_aggregate_of_any_page_shows_that_a_day_was_exported(tmp_path: Path) -> None:
    others = [aggregate(day, 5, 9, "register-to-vote") for day in (3, 6)]
    save(tmp_path, "feedex_2026-05-03_2026-05-06_lpa.csv", aggregate(4, 5, 1), *others)
    assert days_of(read(tmp_path)) == {3: 0, 4: 1, 5: 0, 6: 0}


SILENT = {
    "it ends before its span": (
        "feedex_2026-05-01_2026-05-06_lpa.csv",
        [aggregate(1, 5, 1), aggregate(4, 5, 2)],
        {1: 1, 4: 2},
    ),
    "it is named for May and holds June": (MAY, [aggregate(1, 5, 1, month=6), aggregate(30, 5, 2, month=6)], {}),
    "its dates are a spreadsheet's": (MAY, [["01/05/2026 00:00", *aggregate(1, 5, 1)[1:]]] * 2, {}),
    "its types are upper case": (
        MAY,
        [[*aggregate(day, 5, 1)[:4], "AGGREGATED-SERVICE-FEEDBACK"] for day in (1, 31)],
        {},
    ),
    "its types are unknown": (MAY, [[*aggregate(day, 5, 1)[:4], "survey"] for day in (1, 31)], {}),
    "it has no row": (MAY, [], {}),
    "it has no row and is about another page": ("feedex_2026-05-01_2026-05-31_use.csv", [], {}),
    "it is about another page": (MAY, [aggregate(1, 5, 1, USE), aggregate(31, 5, 2, USE)], {}),
    "its rows of the day are rejected": (
        MAY,
        [aggregate(29, 5, 1), aggregate(30, 5, "many"), aggregate(31, 5, 2)],
        {29: 1, 31: 2},
    ),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_file_that_is_not_whole_and_about_the_page_states_no_zero(tmp_path: Path, case: str) -> None:
    name, rows, expected = SILENT[case]
    save(tmp_path, name, *rows)
    assert days_of(read(tmp_path)) == expected


def test_a_day_before_the_first_aggregate_is_not_zero(tmp_path: Path) -> None:
    save(tmp_path, "feedex_2026-05-01_2026-05-04_lpa.csv", single(1, 5), aggregate(3, 5, 2), aggregate(4, 5, 1))
    assert days_of(read(tmp_path)) == {1: 1, 3: 2, 4: 1}


def test_a_named_page_without_a_rating_is_zero_in_a_whole_file(tmp_path: Path) -> None:
    others = [aggregate(day, 5, 9, "register-to-vote") for day in (1, 31)]
    save(tmp_path, f"feedex_2026-05-01_2026-05-31_{LPA}.csv", *others)
    assert set(days_of(read(tmp_path)).values()) == {0}


def test_the_last_day_of_a_file_that_ends_early_may_be_short(tmp_path: Path) -> None:
    save(tmp_path, MAY, aggregate(1, 5, 7), aggregate(2, 5, 3))
    assert [(day.report_date.day, day.may_be_short) for day in read(tmp_path).days] == [(1, False), (2, True)]


def test_without_a_named_span_only_days_between_two_with_rows_are_zero(tmp_path: Path) -> None:
    save(tmp_path, "download.csv", aggregate(3, 5, 1), aggregate(6, 4, 2), single(2, 3, USE))
    found = read(tmp_path, slugs=(LPA, USE)).days
    assert [(day.slug, day.report_date.day, sum(day.counts)) for day in found] == [
        (LPA, 3, 1),
        (LPA, 4, 0),
        (LPA, 5, 0),
        (LPA, 6, 2),
        (USE, 2, 1),
    ]


@pytest.mark.parametrize("name", ["feedex_0000-00-00_2026-05-06_lpa.csv", "feedex__2026-05-06_lpa.csv"])
def test_without_from_the_span_begins_with_the_first_row(tmp_path: Path, name: str) -> None:
    save(tmp_path, name, aggregate(3, 5, 1), aggregate(6, 5, 2))
    assert days_of(read(tmp_path)) == {3: 1, 4: 0, 5: 0, 6: 2}


@pytest.mark.parametrize(
    "name",
    ["feedex_2026-05-31_2026-05-01_x.csv", "feedex_2026-04-31_2026-06-01.csv", "feedex_2026-05-01.csv", "lpa.csv"],
)
def test_a_name_that_makes_no_sense_names_no_span(tmp_path: Path, name: str) -> None:
    save(tmp_path, name, aggregate(3, 5, 1))
    assert days_of(read(tmp_path)) == {3: 1}


@pytest.mark.parametrize("hour", [0, 12])
def test_a_day_that_had_not_ended_when_the_file_was_saved_is_no_zero(tmp_path: Path, hour: int) -> None:
    rows = [aggregate(1, 5, 1), aggregate(3, 5, 1), single(4, 5)]
    save(tmp_path, MAY, *rows[: 2 if hour == 0 else 3], modified_at=datetime(2026, 5, 4, hour, tzinfo=UTC))
    found = {day.report_date.day: (sum(day.counts), day.may_be_short) for day in read(tmp_path).days}
    assert found == {1: (1, False), 2: (0, False), 3: (1, False)} | ({4: (1, True)} if hour else {})


def test_an_export_of_one_page_says_nothing_of_another(tmp_path: Path) -> None:
    save(tmp_path, MAY, aggregate(1, 5, 1), aggregate(END, 5, 1))
    save(tmp_path, "feedex_2026-05-01_2026-05-31_use.csv", aggregate(1, 4, 2, USE), aggregate(END, 4, 2, USE))
    by_page = {day.slug: day.counts for day in read(tmp_path, 1, 1, slugs=(LPA, USE)).days}
    assert by_page == {LPA: (0, 0, 0, 0, 1), USE: (0, 0, 0, 2, 0)}


def test_a_person_s_word_makes_a_file_whole(tmp_path: Path) -> None:
    path = save(tmp_path, MAY, aggregate(1, 5, 1), aggregate(4, 5, 2))
    files = list_exports(tmp_path)
    reading = read_exports(files, [LPA], DayRange(date(2026, 5, 1), date(2026, 5, 31)), accepted=files)
    assert sum(days_of(reading).values()) == 3
    assert len(reading.days) == 31
    assert (path.name, reading.quarantined) == (MAY, ())


def test_a_short_day_of_a_newer_file_gives_way_to_a_whole_one(tmp_path: Path) -> None:
    save(tmp_path, "old.csv", aggregate(1, 5, 9), aggregate(1, 4, 2))
    newer = EARLY_JUNE + timedelta(days=1)
    save(tmp_path, "new.csv", aggregate(1, 5, 9), aggregate(1, 4, "many"), modified_at=newer)
    assert (one_day(tmp_path).counts, one_day(tmp_path).file_name) == ((0, 0, 0, 2, 9), "old.csv")


def test_the_newest_file_wins_the_day_whole(tmp_path: Path) -> None:
    save(tmp_path, "feedex_2026-05-01_2026-05-02_a.csv", aggregate(1, 5, 9), aggregate(2, 5, 8), aggregate(2, 1, 7))
    newer = EARLY_JUNE + timedelta(hours=1)
    save(tmp_path, "feedex_2026-05-02_2026-05-03_b.csv", aggregate(2, 5, 6), aggregate(3, 5, 1), modified_at=newer)
    assert [day.counts[4] for day in read(tmp_path).days] == [9, 6, 1]


def test_of_two_files_saved_at_the_same_instant_the_later_name_wins(tmp_path: Path) -> None:
    save(tmp_path, "feedex_2026-05-01_2026-05-01_b.csv", aggregate(1, 5, 2))
    save(tmp_path, "feedex_2026-05-01_2026-05-01_a.csv", aggregate(1, 5, 1))
    assert one_day(tmp_path).counts == (0, 0, 0, 0, 2)


def test_files_that_no_asked_day_needs_are_not_opened(tmp_path: Path) -> None:
    save(tmp_path, "feedex_2026-04-01_2026-04-30_lpa.csv", aggregate(1, 5, 1, month=4))
    in_may = datetime(2026, 5, 20, tzinfo=UTC)
    save(tmp_path, "feedex_2026-05-01_2026-05-19_lpa.csv", aggregate(1, 5, 1), modified_at=in_may)
    save(tmp_path, MAY, *(aggregate(day, 5, 2) for day in range(1, 32)))
    assert [file.name for file in read(tmp_path).files] == [MAY]


def test_other_types_and_other_pages_are_skipped(tmp_path: Path) -> None:
    problem = ["2026-05-01 10:00:00", f"/done/{LPA}", "broken", "", "problem-report"]
    contact = ["2026-05-01 10:00:00", LPA, "hello", "", "long-form-contact"]
    elsewhere = ["never", "/done/register-to-vote", "Rating of 9: x", "", "whatever"]
    save(tmp_path, MAY, problem, contact, elsewhere, aggregate(1, 5, 1), aggregate(END, 5, 1))
    reading = read(tmp_path, 1, 1)
    assert (reading.days[0].counts, reading.quarantined) == ((0, 0, 0, 0, 1), ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (single(1, 7), "rating_outside_scale"),
        (single(1, 0), "rating_outside_scale"),
        (single(1, ""), "unreadable_rating"),
        (single(1, "5.0"), "unreadable_rating"),
        (single(1, "٥"), "unreadable_rating"),
        (aggregate(1, 6, 4), "rating_outside_scale"),
        (aggregate(1, "five", 4), "unreadable_rating"),
        (aggregate(1, 5, "many"), "unreadable_count"),
        (aggregate(1, 5, "1,274"), "unreadable_count"),
        (aggregate(1, 5, "9" * 5000), "unreadable_count"),
        (aggregate(1, 5, -3), "negative_count"),
        ([*aggregate(1, 5, 1)[:2], "Rated 5", "5", "aggregated-service-feedback"], "unreadable_aggregate"),
        (["31/12/2025", LPA, "", "5", "service-feedback"], "unreadable_date"),
        (["2026-02-30 10:00:00", LPA, "", "5", "service-feedback"], "unreadable_date"),
        (["2026-05-01 25:00:00", LPA, "", "5", "service-feedback"], "unreadable_date"),
        (["2026-05-01 10:00:00", LPA, "", "5", "survey"], "unknown_type"),
        (["2026-05-01 10:00:00", LPA, "", "5"], "wrong_number_of_fields"),
        (["2026-05-01 10:00:00", LPA, "a\0b", "5", "service-feedback"], "nul_character"),
        (["2026-05-01 10:00:00", f"{LPA}\0", "", "5", "service-feedback"], "nul_character"),
    ],
)
def test_an_unusable_row_is_quarantined_with_its_line_and_the_rest_is_used(
    tmp_path: Path, row: list[str], reason: str
) -> None:
    save(tmp_path, MAY, single(1, 4), row, single(1, 5), single(END, 5))
    reading = read(tmp_path, 1, 1)
    assert reasons(reading) == [(4, reason)]
    assert [day.counts for day in reading.days] == [(0, 0, 0, 1, 1)]


def test_a_row_outside_the_named_span_is_quarantined(tmp_path: Path) -> None:
    rows = [aggregate(day, 5, 1) for day in (2, 1, 4, 3)]
    save(tmp_path, "feedex_2026-05-02_2026-05-03_x.csv", *rows)
    reading = read(tmp_path)
    assert reasons(reading) == [(3, "outside_named_span"), (4, "outside_named_span")]
    assert [day.report_date.day for day in reading.days] == [2, 3]


@pytest.mark.parametrize(("second", "is_short"), [(5, False), (6, True)])
def test_a_second_aggregate_is_quarantined_and_disputes_the_day_only_if_it_differs(
    tmp_path: Path, second: int, is_short: bool
) -> None:
    save(tmp_path, MAY, aggregate(1, 5, 5), aggregate(1, 5, second), aggregate(END, 5, 1))
    assert reasons(read(tmp_path)) == [(3, "duplicate_row")]
    day = one_day(tmp_path)
    assert (day.counts, day.may_be_short) == ((0, 0, 0, 0, 5), is_short)


def test_a_day_that_misses_an_aggregate_because_of_the_quarantine_says_so(tmp_path: Path) -> None:
    save(
        tmp_path,
        MAY,
        aggregate(1, 5, 5),
        aggregate(1, 4, "n/a"),
        aggregate(2, 5, 5),
        aggregate(2, 5, "n/a"),
        aggregate(END, 5, 1),
    )
    assert [one_day(tmp_path, day).may_be_short for day in (1, 2)] == [True, False]


def test_a_bad_single_row_matters_only_where_single_rows_are_counted(tmp_path: Path) -> None:
    save(tmp_path, MAY, aggregate(1, 5, 5), single(1, 7), single(2, 7), single(2, 5), single(END, 1))
    assert [one_day(tmp_path, day).may_be_short for day in (1, 2)] == [False, True]


def test_the_quarantine_holds_the_asked_days_of_the_winning_file_and_rows_without_a_day(tmp_path: Path) -> None:
    undated = ["31/12/2025", LPA, "", "5", "service-feedback"]
    older = [aggregate(1, 5, 1), single(2, 7), single(1, 8), undated, aggregate(3, 5, 1)]
    save(tmp_path, "feedex_2026-05-01_2026-05-03_a.csv", *older)
    newer = EARLY_JUNE + timedelta(hours=1)
    save(tmp_path, "feedex_2026-05-02_2026-05-02_b.csv", aggregate(2, 5, 1), modified_at=newer)
    assert reasons(read(tmp_path)) == [(5, "rating_outside_scale"), (7, "unreadable_date")]
    assert reasons(read(tmp_path, 2, 3)) == [(7, "unreadable_date")]


def test_no_text_of_a_row_leaves_the_reader(tmp_path: Path) -> None:
    words = "jo.bloggs@example.com"
    bad = [["2026-05-01 10:00:00", LPA, words, words, "service-feedback"], [words, LPA, words, "5", words]]
    save(tmp_path, MAY, *bad, ["2026-05-01 10:00:00", LPA, words, "5", words], aggregate(1, 5, words))
    reading = read(tmp_path)
    assert len(reading.quarantined) == 5
    assert words not in repr(reading)


ROWS = st.lists(
    st.one_of(
        st.builds(single, st.integers(1, 6), st.integers(0, 6), st.sampled_from([LPA, USE])),
        st.builds(aggregate, st.integers(1, 6), st.integers(0, 6), st.just(4), st.sampled_from([LPA, USE])),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([MAY, "download.csv"]), st.randoms())
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], name: str, random: Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    figures = []
    for order in (rows, shuffled):
        folder = tmp_path_factory.mktemp("exports")
        save(folder, name, *order)
        found = read(folder, slugs=(LPA, USE)).days
        figures.append([(day.slug, day.report_date, day.counts, day.is_from_aggregate) for day in found])
    assert figures[0] == figures[1]


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_where_files_overlap_each_day_is_as_one_of_them_has_it_and_the_newest_whole_one_wins(
    tmp_path_factory: pytest.TempPathFactory, older: list[list[str]], newer: list[list[str]]
) -> None:
    folders = {name: tmp_path_factory.mktemp(name) for name in ("both", "old", "new")}
    for folder in ("both", "old"):
        save(folders[folder], "older.csv", *older, modified_at=EARLY_JUNE - timedelta(days=1))
    for folder in ("both", "new"):
        save(folders[folder], "newer.csv", *newer)
    found = {
        name: {(day.slug, day.report_date): day for day in read(folder, slugs=(LPA, USE)).days}
        for name, folder in folders.items()
    }
    for key in found["old"].keys() | found["new"].keys():
        old, new = found["old"].get(key), found["new"].get(key)
        expected = old if new is None or (old is not None and old.is_whole and not new.is_whole) else new
        assert found["both"][key] == expected


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_what_is_said_of_a_day_does_not_depend_on_the_other_days_asked_for(
    tmp_path_factory: pytest.TempPathFactory, named: list[list[str]], unnamed: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("exports")
    save(folder, "feedex_2026-05-01_2026-05-03_lpa.csv", *named)
    save(folder, "download.csv", *unnamed)
    days = [day for number in range(1, 9) for day in read(folder, number, number).days]
    assert sorted(days, key=lambda day: day.report_date) == list(read(folder, 1, 8).days)
