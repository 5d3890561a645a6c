"""What becomes of a published figure that changes: its cause, its mark, its rows in the log, and the log's files."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select, text, update

from perf_pipeline.catalogue import methods
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS
from perf_pipeline.catalogue.datasets import DATASETS, FIGURES
from perf_pipeline.catalogue.methods import SATISFACTION_ERAS, TOP_TWO_BOX, WEIGHTED_MEAN, Era, method_in_force
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.publishing import publish_figures
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import replace_days
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.passing import let_pass
from perf_pipeline_tests.published_days import (
    APRIL,
    MARCH,
    MAY,
    SATISFACTION,
    TAKE_UP,
    in_force,
    months_of,
    publish,
    put_channels,
    put_ratings,
)
from perf_pipeline_tests.releases import faults_of, manifest_of, release
from perf_pipeline_tests.systems import MORNING

FIRST_OF_MAY = DayRange(MAY.first, MAY.first)
NIGHT = timedelta(days=1)
KEY = DATASETS["revision_log"].key


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nightly(publishing: Systems, clock: Clock) -> Systems:
    """Systems whose clock the test sets."""
    return replace(publishing, clock=clock)


def change_channels(systems: Systems, days: DayRange, **values: object) -> None:
    daily = TABLES["daily_digital_take_up"]
    with transaction(systems.warehouse) as connection:
        connection.execute(update(daily).where(daily.c.report_date.between(days.first, days.last)).values(**values))


def revise(systems: Systems, clock: Clock, days: DayRange, **values: object) -> None:
    """Change the channels of some days, and publish them the next night."""
    clock.now += NIGHT
    change_channels(systems, days, **values)
    publish(systems, TAKE_UP, days)


def log_of(systems: Systems) -> list[tuple[Any, ...]]:
    """Period, figure, both values and cause of each row of the log."""
    query = text(
        "SELECT period, figure, earlier_value, later_value, revision_cause FROM perf.revision_log"
        ' ORDER BY published_at, period_start, period, figure COLLATE "C"'
    )
    with transaction(systems.warehouse) as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_late_counts_before_a_figure_was_final_are_a_scheduled_revision(nightly: Systems, clock: Clock) -> None:
    put_channels(nightly, MAY, is_provisional=True)
    publish(nightly, TAKE_UP, MAY)
    assert log_of(nightly) == []
    clock.now += NIGHT
    change_channels(nightly, FIRST_OF_MAY, paper_count=3, total_count=7)
    publish(nightly, TAKE_UP, MAY)
    markers = in_force(nightly, "digital_take_up", "markers")
    assert {key for key, cell in markers.items() if cell == "[p][r]"} == {
        ("2026-05-01", "day"),
        ("2026-05-01", "month"),
    }
    assert log_of(nightly) == [
        ("day", "paper_count", "2", "3", "scheduled"),
        ("day", "total_count", "6", "7", "scheduled"),
        ("month", "digital_take_up_percent", "66.67", "66.31", "scheduled"),
        ("month", "paper_count", "62", "63", "scheduled"),
        ("month", "total_count", "186", "187", "scheduled"),
    ]
    causes = in_force(nightly, "digital_take_up", "revision_cause")
    assert {key for key, cause in causes.items() if cause} == {("2026-05-01", "day"), ("2026-05-01", "month")}


def test_a_final_figure_that_changes_is_a_correction(nightly: Systems, clock: Clock) -> None:
    put_channels(nightly, FIRST_OF_MAY)
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    revise(nightly, clock, FIRST_OF_MAY, online_count=5)
    assert ("day", "online_count", "4", "5", "correction") in log_of(nightly)


def test_a_figure_that_becomes_final_as_it_was_is_a_version_and_no_revision(nightly: Systems, clock: Clock) -> None:
    put_channels(nightly, FIRST_OF_MAY, is_provisional=True)
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    revise(nightly, clock, FIRST_OF_MAY, is_provisional=False)
    assert in_force(nightly, "digital_take_up", "markers")["2026-05-01", "day"] == ""
    assert versions_of_the_day(nightly) == 2
    assert log_of(nightly) == []


def versions_of_the_day(systems: Systems) -> int:
    query = text("SELECT count(*) FROM perf.published_digital_take_up WHERE period = 'day'")
    with transaction(systems.warehouse) as connection:
        return int(connection.execute(query).scalar_one())


def test_the_turn_of_the_london_month_takes_the_mark_away_and_leaves_the_log(nightly: Systems, clock: Clock) -> None:
    put_channels(nightly, FIRST_OF_MAY)
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    change_channels(nightly, FIRST_OF_MAY, online_count=5)
    clock.now += NIGHT
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    logged = log_of(nightly)
    # That other days alone are published, and that the clock shows 30 June in UTC, makes no difference.
    for now, marked, versions in [
        (datetime(2026, 6, 30, 22, 59, tzinfo=UTC), "[r]", 2),
        (datetime(2026, 6, 30, 23, 0, tzinfo=UTC), "", 3),
        (datetime(2026, 7, 2, 3, 0, tzinfo=UTC), "", 3),
    ]:
        clock.now = now
        publish(nightly, TAKE_UP, APRIL)
        assert in_force(nightly, "digital_take_up", "markers")["2026-05-01", "day"] == marked
        assert versions_of_the_day(nightly) == versions
    assert log_of(nightly) == logged != []
    assert set(in_force(nightly, "digital_take_up", "revision_cause").values()) == {None}


@pytest.mark.parametrize("step", [timedelta(), timedelta(hours=-1)])
def test_a_clock_that_stands_still_or_goes_back_loses_no_version(
    nightly: Systems, clock: Clock, step: timedelta
) -> None:
    put_channels(nightly, FIRST_OF_MAY)
    first = clock.now
    for online in (4, 5, 6):
        change_channels(nightly, FIRST_OF_MAY, online_count=online)
        publish(nightly, TAKE_UP, FIRST_OF_MAY)
        clock.now += step
    with transaction(nightly.warehouse) as connection:
        stood = [
            [row.online_count for row in figures_as_of(connection, "digital-take-up", "make-a-lpa", "day", instant)]
            for instant in [first + timedelta(microseconds=number) for number in (-1, 0, 1, 2)]
        ]
    assert stood == [[], [4], [5], [6]]
    assert [row[2:4] for row in log_of(nightly) if row[:2] == ("day", "online_count")] == [("4", "5"), ("5", "6")]


def test_figures_of_whole_numbers_beside_empty_ones_are_taken_as_they_are(nightly: Systems) -> None:
    dataset = DATASETS["published_digital_take_up"]
    rows = [
        {"service": "make-a-lpa", "period_start": day, "period": "day", "lpa_type": "all", "total_count": total}
        for day, total in [(MAY.first, 6), (MAY.last, None)]
    ]
    columns = dict.fromkeys(set(FIGURES["digital-take-up"]) - {"total_count"}, 1)
    figures = pd.DataFrame(rows).assign(origin="computed", markers="", **columns)
    figures["total_count"] = figures["total_count"].astype("Int64")
    with transaction(nightly.warehouse) as connection:
        assert publish_figures(connection, dataset, figures, "a run", nightly.clock()) == 2
        assert publish_figures(connection, dataset, figures, "a run", nightly.clock()) == 0


# Eras of methods.


@pytest.fixture
def add_era(monkeypatch: pytest.MonkeyPatch) -> Callable[[Era], None]:
    """Add an era to the catalogue."""

    def add(era: Era) -> None:
        monkeypatch.setattr(methods, "SATISFACTION_ERAS", (*SATISFACTION_ERAS, era))

    return add


def rebuild(systems: Systems, days: DayRange) -> None:
    """Build the days again whose headline has another method than the one in force, and publish them, as a night does."""
    daily = TABLES["daily_user_satisfaction"]
    with transaction(systems.warehouse) as connection:
        rows = pd.DataFrame(connection.execute(select(daily)).mappings().all(), dtype=object)
        is_other = [
            method != method_in_force(day).id
            for day, method in zip(rows["report_date"], rows["headline_method"], strict=True)
        ]
        for row_number in [number for number, other in enumerate(is_other) if other]:
            row = rows.iloc[[row_number]].reset_index(drop=True)
            day = row["report_date"][0]
            replace_days(connection, daily.name, DayRange(day, day), with_satisfaction(row, "report_date"))
    built = sorted(day for day, other in zip(rows["report_date"], is_other, strict=True) if other)
    assert all(day in days for day in built)
    let_pass(systems.warehouse, daily.name)
    if built:
        publish(systems, SATISFACTION, DayRange(built[0], built[-1]))


@pytest.fixture
def spring(nightly: Systems, clock: Clock) -> Systems:
    """March to May as they were published, weighted_mean in March and top_two_box since; the next night."""
    days = DayRange(MARCH.first, MAY.last)
    put_ratings(nightly, days)
    rebuild(nightly, days)
    publish(nightly, SATISFACTION, days)
    assert log_of(nightly) == []
    assert breaks(nightly) == {("2026-04-01", "day"), ("2026-04-01", "month")}
    clock.now += NIGHT
    return nightly


def breaks(systems: Systems) -> set[tuple[str, str]]:
    return {key for key, cell in in_force(systems, "user_satisfaction", "markers").items() if "[b]" in cell}


def test_an_era_that_is_added_changes_figures_from_its_date_on_and_revises_nothing_before(
    spring: Systems, add_era: Callable[[Era], None]
) -> None:
    earlier = in_force(spring, "user_satisfaction", "published_at")
    add_era(Era(MAY.first, WEIGHTED_MEAN.id))
    rebuild(spring, MAY)
    later = in_force(spring, "user_satisfaction", "published_at")
    assert {key for key in earlier if later[key] != earlier[key]} == {key for key in earlier if key[0] >= "2026-05-01"}
    assert breaks(spring) == {(day, period) for day in ("2026-04-01", "2026-05-01") for period in ("day", "month")}
    headlines = in_force(spring, "user_satisfaction", "headline_method")
    assert list(months_of(headlines).values()) == ["weighted_mean", "top_two_box", "weighted_mean"]
    assert {row[4] for row in log_of(spring)} == {"method"}
    assert {row[1:4] for row in log_of(spring)} == {
        ("headline_method", "top_two_box", "weighted_mean"),
        ("headline_percent", "70", "75"),
    }


def test_an_era_that_restates_history_revises_it_with_the_cause_and_no_break_is_left(
    spring: Systems, add_era: Callable[[Era], None]
) -> None:
    earlier = in_force(spring, "user_satisfaction", "published_at")
    add_era(Era(MAY.first, TOP_TWO_BOX.id, restates_history=True))
    rebuild(spring, MARCH)
    assert set(in_force(spring, "user_satisfaction", "headline_method").values()) == {"top_two_box"}
    assert breaks(spring) == set()
    causes = in_force(spring, "user_satisfaction", "revision_cause")
    assert {key for key, cause in causes.items() if cause} == {key for key in earlier if key[0] < "2026-04-01"}
    assert {row[4] for row in log_of(spring)} == {"method"}
    assert ("month", "headline_percent", "75", "70", "method") in log_of(spring)
    with transaction(spring.warehouse) as connection:
        before = figures_as_of(
            connection, "user-satisfaction", "make-a-lpa", "month", max(earlier.values()), columns=["headline_percent"]
        )
    assert [row.headline_percent for row in before] == [75, 70, 70]


def test_an_era_that_is_taken_out_again_restates_nothing_that_it_did_not_touch(
    spring: Systems, add_era: Callable[[Era], None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_era(Era(MAY.first, WEIGHTED_MEAN.id))
    rebuild(spring, MAY)
    clock.now += NIGHT
    monkeypatch.setattr(methods, "SATISFACTION_ERAS", SATISFACTION_ERAS)
    rebuild(spring, MAY)
    assert breaks(spring) == {("2026-04-01", "day"), ("2026-04-01", "month")}
    assert months_of(in_force(spring, "user_satisfaction", "headline_percent")) == {
        "2026-03-01": 75,
        "2026-04-01": 70,
        "2026-05-01": 70,
    }


# The files of the log.


def bytes_of(folder: Path, name: str) -> bytes:
    return (folder / "make-a-lpa" / name).read_bytes()


def test_a_release_holds_the_log_of_every_service_in_the_order_of_its_key(nightly: Systems, clock: Clock) -> None:
    put_channels(nightly, FIRST_OF_MAY, is_provisional=True)
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    # The file keeps the name that the column had in the first release.
    header = ",".join(DATASETS["revision_log"].column_names).replace("subject,", "service,", 1).encode()
    made = release(nightly)
    assert bytes_of(made.folder, "revisions.csv") == header + b"\r\n"
    assert bytes_of(made.folder, "revisions.json") == b"[]\n"
    revise(nightly, clock, FIRST_OF_MAY, paper_count=3, total_count=7)
    made = release(nightly)
    at = b"2026-06-15T03:00:00+00:00,2026-06-16T03:00:00+00:00"
    rows = bytes_of(made.folder, "revisions.csv").split(b"\r\n")
    assert rows[:3] == [
        header,
        b"make-a-lpa,digital-take-up,2026-05-01,day,all,paper_count,2,3," + at + b",scheduled,",
        b"make-a-lpa,digital-take-up,2026-05-01,day,all,total_count,6,7," + at + b",scheduled,",
    ]
    (first, *_) = records = json.loads(bytes_of(made.folder, "revisions.json"))
    assert first == {
        "service": "make-a-lpa",
        "indicator": "digital-take-up",
        "period_start": "2026-05-01",
        "period": "day",
        "dimension": "all",
        "figure": "paper_count",
        "earlier_value": "2",
        "later_value": "3",
        "earlier_published_at": "2026-06-15T03:00:00+00:00",
        "published_at": "2026-06-16T03:00:00+00:00",
        "revision_cause": "scheduled",
        "revision_reason": None,
    }
    listed = {file["path"]: file["rows"] for file in manifest_of(made.folder)["files"]}
    assert listed["make-a-lpa/revisions.csv"] == listed["make-a-lpa/revisions.json"] == len(records) == len(rows) - 2
    assert listed["use-an-lpa/revisions.csv"] == 0
    assert faults_of(made.folder) == []


def test_the_log_s_rows_stand_in_the_order_of_their_key_by_c_collation(nightly: Systems, clock: Clock) -> None:
    for lpa_type in ("unknown", "all", "property-and-financial"):
        put_channels(nightly, DayRange(MAY.first, date(2026, 5, 2)), lpa_type=lpa_type)
    publish(nightly, TAKE_UP, MAY)
    for number in (1, 2):
        revise(nightly, clock, MAY, **dict.fromkeys(CHANNEL_COUNTS, number))
    records = json.loads(bytes_of(release(nightly).folder, "revisions.json"))
    keys = [tuple(row["service" if name == "subject" else name] for name in KEY) for row in records]
    assert keys == sorted(set(keys))
    assert len(keys) > 30


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_reason_is_no_formula_for_a_spreadsheet(nightly: Systems, clock: Clock, start: str) -> None:
    put_channels(nightly, FIRST_OF_MAY, is_provisional=True)
    publish(nightly, TAKE_UP, FIRST_OF_MAY)
    revise(nightly, clock, FIRST_OF_MAY, paper_count=3, total_count=7)
    typed = f"{start}cmd|' /C calc'!A0"
    with transaction(nightly.warehouse) as connection:
        connection.execute(update(TABLES["revision_log"]).values(revision_reason=typed))
    made = release(nightly)
    text = bytes_of(made.folder, "revisions.csv").decode()
    assert {row["revision_reason"] for row in csv.DictReader(io.StringIO(text, newline=""))} == {f"'{typed}"}
    assert {row["revision_reason"] for row in json.loads(bytes_of(made.folder, "revisions.json"))} == {typed}
