"""What is in the folder of exports decides: files that are added, removed, replaced, cut, renamed, held and accepted."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.extracted.done_page.changed_files import accept, last_listing
from perf_pipeline.extracted.done_page.exports import read_exports
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.quality.source_verdicts import judge_sources
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests import extracting
from perf_pipeline_tests.systems import systems_with

HEADER = "creation date,path or service name,feedback,service satisfaction rating,type"
PAGE = "lasting-power-of-attorney"
DAYS = DayRange(date(2026, 5, 1), date(2026, 5, 6))
MORNING = datetime(2026, 5, 7, 3, tzinfo=UTC)
NAME = "feedex_2026-05-01_2026-05-06_lpa.csv"

Counts = dict[int, int]
"""Ratings of 5 by day of May."""


def save(folder: Path, name: str, counts: Counts, age_hours: float = 0) -> Path:
    """An export with an aggregate for each day of `counts`, saved before the morning."""
    rows = [
        f"2026-05-{day:02} 00:10:00,/done/{PAGE},Rating of 5: {ratings},,aggregated-service-feedback"
        for day, ratings in counts.items()
    ]
    file = folder / name
    file.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    at = (datetime(2026, 5, 7, 2, tzinfo=UTC) - timedelta(hours=age_hours)).timestamp()
    os.utime(file, (at, at))
    return file


@pytest.fixture
def systems(emptied_warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems with an empty folder of exports and six days to know about; each look at the clock is a second later."""
    ticks = count()
    (tmp_path / "exports").mkdir()
    return systems_with(
        emptied_warehouse,
        tmp_path,
        addresses={"done-page": str(tmp_path / "exports")},
        first_day=DAYS.first,
        clock=lambda: MORNING + timedelta(seconds=next(ticks)),
    )


def folder_of(systems: Systems) -> Path:
    return Path(systems.addresses["make-a-lpa", "done-page"])


def night(systems: Systems, days: DayRange | None = None) -> frozenset[date]:
    """Read what is due of the done page, or `days`, and judge the sources; the days that changed."""
    changed = read_source(systems, systems.services["make-a-lpa"], SOURCES["done-page"], days, "a run")
    judge_sources(systems, "a run")
    return changed


def known(systems: Systems) -> Counts:
    """Ratings of each day that is known."""
    rows = extracting.query(
        systems.warehouse,
        "SELECT report_date, sum(ratings_count) AS ratings FROM perf.extracted_feedback"
        " WHERE superseded_at IS NULL AND service = 'make-a-lpa' GROUP BY report_date ORDER BY report_date",
    )
    return {row.report_date.day: int(row.ratings) for row in rows}


def problems(systems: Systems) -> list[str]:
    """What the checks of sources have found about files."""
    rows = extracting.query(
        systems.warehouse,
        "SELECT observed FROM perf.verdicts WHERE check_name = 'every_file_can_be_used' AND subject = 'make-a-lpa'",
    )
    return [row.observed for row in rows]


WHOLE = {1: 10, 2: 20, 4: 40, 6: 60}
READ = {1: 10, 2: 20, 3: 0, 4: 40, 5: 0, 6: 60}


def test_a_night_reads_a_new_file_once(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE)
    assert night(systems) == set(DAYS)
    assert known(systems) == READ
    assert night(systems) == set()
    assert problems(systems) == []


def test_only_the_days_that_a_changed_file_counts_otherwise_change(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE, 1)
    night(systems)
    save(folder_of(systems), NAME, WHOLE | {2: 21})
    assert night(systems) == {date(2026, 5, 2)}


def test_a_backfill_of_some_days_leaves_the_others_of_a_new_file_for_the_night(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE)
    day = date(2026, 5, 2)
    assert night(systems, DayRange(day, day)) == {day}
    assert night(systems) == set(DAYS) - {day}
    assert known(systems) == READ


def test_days_before_an_earlier_first_day_are_read_from_files_that_have_not_changed(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE)
    night(replace(systems, first_day=date(2026, 5, 4)))
    assert known(systems) == {4: 40, 5: 0, 6: 60}
    night(systems)
    assert known(systems) == READ


MISLEADING = {
    "cut at a row boundary": (NAME, {1: 10, 2: 20}, {1: 10, 2: 20}, "file ends before its span"),
    "named for these days, about April": ("feedex_2026-05-01_2026-05-06_x.csv", {}, {}, "file holds no row"),
}


@pytest.mark.parametrize("case", MISLEADING)
def test_a_file_that_misleads_is_named_and_zeroes_nothing(systems: Systems, case: str) -> None:
    name, counts, expected, problem = MISLEADING[case]
    save(folder_of(systems), name, counts)
    night(systems)
    assert known(systems) == expected
    assert problems(systems) == [f"done-page: {name}: {problem}"]


def test_a_file_that_takes_ratings_away_waits_for_a_person(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE, 1)
    night(systems)
    save(folder_of(systems), "feedex_2026-05-01_2026-05-06_new.csv", {1: 10, 6: 60})
    for _ in range(2):
        assert night(systems) == set()
        assert known(systems) == READ
        (problem,) = problems(systems)
        assert (
            "feedex_2026-05-01_2026-05-06_new.csv: file takes ratings away (70 ratings on days that have 130" in problem
        )


def test_an_accepted_file_counts_and_is_no_problem_any_more(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE, 1)
    night(systems)
    newer = save(folder_of(systems), "feedex_2026-05-01_2026-05-06_new.csv", {1: 10, 6: 60})
    night(systems)
    with transaction(systems.warehouse) as connection:
        accept(connection, next(file for file in list_exports(folder_of(systems)) if file.path == newer), MORNING)
    assert night(systems) == {date(2026, 5, 2), date(2026, 5, 4)}
    assert known(systems) == {1: 10, 2: 0, 3: 0, 4: 0, 5: 0, 6: 60}
    assert problems(systems) == []


def test_a_loss_of_a_tenth_is_not_held(systems: Systems) -> None:
    save(folder_of(systems), NAME, {1: 90, 6: 10}, 1)
    night(systems)
    save(folder_of(systems), NAME, {1: 80, 6: 10})
    night(systems)
    assert known(systems)[1] == 80


def test_removing_a_file_brings_the_figures_of_the_others_back_and_ends_its_problem(systems: Systems) -> None:
    save(folder_of(systems), NAME, WHOLE, 2)
    night(systems)
    wrong = save(folder_of(systems), "feedex_2026-05-01_2026-05-06_cut.csv", WHOLE | {4: 99}, 1)
    night(systems)
    assert known(systems)[4] == 99
    wrong.unlink()
    assert night(systems) == {date(2026, 5, 4)}
    assert known(systems) == READ
    save(folder_of(systems), "empty.csv", {})
    night(systems)
    assert len(problems(systems)) == 1
    (folder_of(systems) / "empty.csv").unlink()
    night(systems)
    assert problems(systems) == []


STEP = st.tuples(
    st.sampled_from(["save", "remove", "cut", "rename"]),
    st.sampled_from(["feedex_2026-05-01_2026-05-06_a.csv", "feedex_2026-05-03_2026-05-06_b.csv", "c.csv"]),
    st.dictionaries(st.integers(1, 6), st.integers(100, 105), min_size=1),
    st.integers(0, 3),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=1, max_size=6))
def test_a_night_ends_in_the_figures_of_the_files_that_are_there(
    systems: Systems, steps: list[tuple[str, str, Counts, int]]
) -> None:
    folder = folder_of(systems)
    with systems.warehouse.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    for file in folder.iterdir():
        file.unlink()
    stated_zero: set[int] = set()
    for second, (action, name, counts, age) in enumerate(steps):
        # No two states of a file have the same time: a changed file is known by its time and size.
        _act(folder, action, name, dict(sorted(counts.items())), age - second / 3600)
        night(systems)
        with systems.warehouse.connect() as connection:
            waiting = {name for (name, _, _), is_held in last_listing(connection, "make-a-lpa").items() if is_held}
        usable = [file for file in list_exports(folder) if file.name not in waiting]
        expected = {day.report_date.day: sum(day.counts) for day in read_exports(usable, [PAGE], DAYS).days}
        stated_zero |= {day for day, ratings in expected.items() if ratings == 0}
        found = known(systems)
        assert {day: found[day] for day in expected} == expected
        # Days that no file holds any more stay, and no zero is among them that no whole file has stated.
        assert all(ratings or day in stated_zero for day, ratings in found.items())


def _act(folder: Path, action: str, name: str, counts: Counts, age: float) -> None:
    file = folder / name
    if action == "save":
        save(folder, name, counts, age)
    elif not file.exists():
        return
    elif action == "remove":
        file.unlink()
    elif action == "cut":
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(lines[:-1]), encoding="utf-8")
    else:
        file.rename(folder / f"d_{name.removeprefix('feedex_')}")
