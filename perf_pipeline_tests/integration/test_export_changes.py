"""Which exports are opened for the plan, and the days on which they say something else than what is held."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.extracted.changes import compare_with_sources
from perf_pipeline.extracted.export_changes import settle
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting

HEADER = "creation date,path or service name,feedback,service satisfaction rating,type"
DAYS = DayRange(date(2026, 4, 1), date(2026, 5, 31))
APRIL, MAY = DayRange(DAYS.first, date(2026, 4, 30)), DayRange(date(2026, 5, 1), DAYS.last)
DAY = date(2026, 4, 10)
NIGHT = datetime(2026, 6, 1, 2, 30, tzinfo=UTC)
LATER = NIGHT + timedelta(hours=5)
PAGES = {"make-a-lpa": extracting.PAGE, "use-an-lpa": "use-lasting-power-of-attorney"}


def name_of(days: DayRange, suffix: str = "") -> str:
    return f"feedex_{days.first}_{days.last + ONE_DAY}_lpa{suffix}.csv"


def aggregates(days: DayRange, counts: dict[date, int] | None = None) -> list[str]:
    """An aggregate of each page and day: five ratings of 5, but where `counts` says otherwise."""
    return [
        f"{day} 00:10:00,/done/{page},Rating of 5: {(counts or {}).get(day, 5)},,aggregated-service-feedback"
        for day in days
        for page in PAGES.values()
    ]


def save(systems: Systems, name: str, lines: list[str], at: datetime = NIGHT, header: str = HEADER) -> Path:
    assert systems.exports_dir is not None
    file = systems.exports_dir / name
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def extract(systems: Systems, days: DayRange = DAYS) -> None:
    for service in PAGES:
        extracting.done_page(systems.warehouse, systems.exports_dir or Path(), days, LATER, PAGES[service], service)


def changed(systems: Systems, *, settles: bool = False) -> set[date]:
    comparison = compare_with_sources(systems, DAYS, ())
    assert comparison.not_compared == ()
    if settles:
        settle(systems.warehouse, comparison.settled, LATER)
    return set(comparison.changed)


@pytest.fixture
def systems(systems: Systems) -> Systems:
    """Systems with exports alone: a file for each month, extracted."""
    systems = replace(systems, service_database_urls={"PERF_LPA_DATABASE_URL": None})
    for month in (APRIL, MAY):
        save(systems, name_of(month), aggregates(month))
    extract(systems)
    return systems


def closed(folder: Path) -> None:
    """Make the files unreadable without touching what the folder says of them: a pipe would never end."""
    for file in folder.iterdir():
        stamps = file.stat()
        file.write_bytes(b"\0" * stamps.st_size)
        os.utime(file, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))


def test_what_was_extracted_is_no_change(systems: Systems) -> None:
    assert changed(systems) == set()


def test_files_that_said_nothing_new_stay_closed_until_they_change(systems: Systems) -> None:
    assert changed(systems, settles=True) == set()
    assert systems.exports_dir is not None
    closed(systems.exports_dir)
    assert changed(systems) == set()
    save(systems, name_of(APRIL), aggregates(APRIL, {DAY: 9}), LATER)
    assert changed(systems) == {DAY}


def test_a_file_with_news_is_opened_again_until_they_are_extracted(systems: Systems) -> None:
    save(systems, name_of(APRIL, "_again"), aggregates(APRIL, {DAY: 9}), LATER)
    assert [changed(systems, settles=True) for _ in range(2)] == [{DAY}, {DAY}]
    extract(systems, DayRange(DAY, DAY))
    assert changed(systems, settles=True) == set()


def test_a_new_file_for_last_month_changes_the_days_that_it_counts_otherwise_and_no_others(systems: Systems) -> None:
    save(systems, name_of(APRIL, "_again"), aggregates(APRIL, {DAY: 9, APRIL.last: 0}), LATER)
    assert changed(systems) == {DAY, APRIL.last}


def test_an_older_file_that_says_otherwise_is_no_change(systems: Systems) -> None:
    save(systems, name_of(APRIL, "_early"), aggregates(APRIL, {DAY: 9}), NIGHT - ONE_DAY)
    assert changed(systems) == set()


def test_a_file_that_was_taken_away_is_no_change(systems: Systems) -> None:
    newer = save(systems, name_of(APRIL, "_again"), aggregates(APRIL, {DAY: 9}), LATER)
    extract(systems)
    newer.unlink()
    assert changed(systems) == set()


def test_an_aggregate_in_place_of_single_rows_is_a_change_even_where_the_counts_are_the_same(systems: Systems) -> None:
    single = f"{DAY} 10:00:00,{extracting.PAGE},words,5,service-feedback"
    save(systems, "one.csv", [single], LATER)
    extract(systems)
    save(systems, "two.csv", [single, aggregates(DayRange(DAY, DAY), {DAY: 1})[0]], LATER + ONE_DAY)
    assert changed(systems) == {DAY}


def test_a_day_with_a_line_that_nobody_was_told_about_is_a_change(systems: Systems) -> None:
    bad = f"{DAY} 00:10:00,/done/{extracting.PAGE},Rating of 4: many,,aggregated-service-feedback"
    save(systems, name_of(APRIL, "_again"), [*aggregates(APRIL), bad], LATER)
    assert changed(systems) == {DAY}
    extract(systems, DayRange(DAY, DAY))
    assert changed(systems) == set()


def test_a_new_file_that_can_not_be_read_is_told_of_by_the_newest_day_that_it_may_hold(systems: Systems) -> None:
    save(systems, name_of(APRIL, "_again"), aggregates(APRIL), LATER, header="when,what")
    assert changed(systems) == {APRIL.last}
    extract(systems, DayRange(APRIL.last, APRIL.last))
    assert "header_not_recognised" in extracting.quarantine(systems.warehouse).values()
    assert changed(systems, settles=True) == set()


def test_a_file_is_settled_by_all_days_even_where_the_plan_is_asked_for_fewer(systems: Systems) -> None:
    save(systems, name_of(MAY, "_again"), aggregates(MAY, {MAY.last: 9}), LATER)
    comparison = compare_with_sources(systems, APRIL, ())
    assert comparison.changed == {}
    settle(systems.warehouse, comparison.settled, LATER)
    assert changed(systems) == {MAY.last}


def test_a_folder_that_is_not_there_is_named_and_compared_next_time(systems: Systems, tmp_path: Path) -> None:
    comparison = compare_with_sources(replace(systems, exports_dir=tmp_path / "nowhere"), DAYS, ())
    assert {source.service for source in comparison.not_compared} == set(PAGES)
    assert all("nowhere" in str(source) for source in comparison.not_compared)
