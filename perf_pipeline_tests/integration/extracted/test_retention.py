"""Old rows about single people are dropped, and what was counted from them stays whatever is built again."""

import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, Row
from sqlalchemy.exc import OperationalError

from perf_pipeline.catalogue.datasets import Stage
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, months_later, start_of
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.windows import COHORT_DAYS, ROWS_KEPT_MONTHS
from perf_pipeline.definitions import FLOW
from perf_pipeline.extracted.assets import EXTRACTED
from perf_pipeline.extracted.reporting import report_extraction
from perf_pipeline.extracted.retention import Dropped, drop_old_rows
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import SERVICE, LpaDatabase, Sirius, execute
from perf_pipeline_tests.lpa_rows import insert_application, insert_feedback, restamp_application
from perf_pipeline_tests.published_days import publish
from perf_pipeline_tests.systems import of_make_an_lpa, systems_with

DAY = date(2024, 1, 10)
OLD = DayRange(DAY, DAY + 2 * ONE_DAY)
DAYS = DayRange(DAY, OLD.last + timedelta(days=COHORT_DAYS))
"""At their end the cohorts of the old days are complete."""
LATER = DAY + 30 * ONE_DAY
NIGHT = start_of(DAYS.last + ONE_DAY) + timedelta(hours=3)
TWO_YEARS_ON = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAILY = [asset for asset in FLOW if asset.dataset.stage is Stage.DAILY_METRICS]

Figures = list[list[Row[tuple[object, ...]]]]


@pytest.fixture
def systems(lpa: LpaDatabase, tmp_path: Path) -> Systems:
    """Two years after the days, of which the first ones are old enough to be dropped."""
    return systems_with(
        lpa.warehouse,
        tmp_path,
        addresses=of_make_an_lpa(lpa.url),
        first_day=DAY,
        clock=lambda: TWO_YEARS_ON,
        hash_key=b"a key",
    )


def noon(day: date) -> datetime:
    return start_of(day) + timedelta(hours=12)


def read(lpa: LpaDatabase, days: DayRange = DAYS, at: datetime = NIGHT) -> None:
    extracting.applications(lpa.warehouse, lpa.url, days, at)
    extracting.in_service(lpa.warehouse, lpa.url, days, at)


def build(systems: Systems, days: DayRange = OLD) -> None:
    """Make the daily figures; they pass their checks and are released."""
    publish(systems, DAILY, days)
    execute(systems.warehouse, "UPDATE perf.built_periods SET released_at = now()")


def drop(systems: Systems, source: str = "applications", at: datetime = TWO_YEARS_ON) -> Dropped:
    return drop_old_rows(systems, SOURCES[source], SERVICE, at)


def kept(warehouse: Engine) -> list[tuple[date | None, ...]]:
    """The stamps of the applications that are left, as days."""
    rows = extracting.query(
        warehouse,
        "SELECT started_date, created_date, completed_date FROM perf.extracted_application_states ORDER BY 1, 2, 3",
    )
    return [tuple(row) for row in rows]


def figures(warehouse: Engine) -> Figures:
    """Every row of the daily tables."""
    return [
        extracting.query(warehouse, f"SELECT * FROM perf.{asset.name} ORDER BY service, report_date, 3")
        for asset in DAILY
    ]


def frozen(warehouse: Engine) -> int:
    """How many days of applications are frozen."""
    statement = "SELECT count(DISTINCT report_date) AS days FROM perf.frozen_application_counts"
    return int(extracting.query(warehouse, statement)[0].days)


def test_rows_of_old_days_are_dropped_and_those_that_matter_to_a_later_day_stay(
    lpa: LpaDatabase, systems: Systems
) -> None:
    insert_application(lpa.cursor, started_at=noon(DAY), created_at=noon(DAY), completed_at=noon(DAY + ONE_DAY))
    insert_application(lpa.cursor, started_at=noon(DAY))
    insert_application(lpa.cursor, started_at=noon(DAY), created_at=noon(LATER))
    restamped = insert_application(lpa.cursor, created_at=noon(DAY))
    read(lpa)
    # This one was created again later; without its row that stamp would count as a first one one day.
    restamp_application(lpa.cursor, restamped, created_at=noon(LATER))
    read(lpa)
    build(systems)
    assert drop(systems) == Dropped(2, OLD, held_back_by=OLD.last + ONE_DAY)
    assert kept(lpa.warehouse) == [(DAY, LATER, None), (None, DAY, None)]
    assert drop(systems) == Dropped(0, OLD, held_back_by=OLD.last + ONE_DAY)


def test_no_row_is_dropped_before_its_time(lpa: LpaDatabase, systems: Systems) -> None:
    insert_application(lpa.cursor, started_at=noon(DAY))
    read(lpa)
    build(systems)
    day_before = noon(months_later(DAY, ROWS_KEPT_MONTHS))
    assert drop(systems, at=day_before) == Dropped(0, None)
    assert drop(systems, at=day_before + ONE_DAY) == Dropped(1, DayRange(DAY, DAY))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE perf.source_deliveries SET revision_count = 2 WHERE period_start = :day",
        "DELETE FROM perf.source_deliveries WHERE period_start = :day",
        "UPDATE perf.built_periods SET released_at = NULL WHERE period_start = :day",
        "UPDATE perf.built_periods SET has_passed = false WHERE dataset = 'daily_completion_rate' AND period_start = :day",
        "UPDATE perf.built_periods SET has_passed = NULL WHERE dataset = 'daily_completion_rate' AND period_start = :day",
        "DELETE FROM perf.built_periods WHERE dataset = 'daily_application_events' AND period_start = :day",
        "UPDATE perf.daily_application_events SET is_provisional = true WHERE report_date = :day",
        "UPDATE perf.daily_completion_rate SET is_provisional = true WHERE report_date = :day",
        "DELETE FROM perf.daily_completion_rate WHERE report_date = :day",
    ],
)
def test_a_day_that_may_still_change_keeps_its_rows_and_all_later_ones(
    lpa: LpaDatabase, systems: Systems, statement: str
) -> None:
    for day in OLD:
        insert_application(lpa.cursor, started_at=noon(day))
    read(lpa)
    build(systems)
    held_back = DAY + ONE_DAY
    execute(lpa.warehouse, statement, day=held_back)
    dropped = drop(systems)
    assert (dropped.rows, dropped.frozen) == (1, DayRange(DAY, DAY))
    assert [started for started, *_ in kept(lpa.warehouse)] == [held_back, held_back + ONE_DAY]


def export(folder: Path, days: Iterable[date]) -> Path:
    folder.mkdir()
    lines = [f"{day},/done/lasting-power-of-attorney,Rating of 5: 7,,aggregated-service-feedback" for day in days]
    header = "creation date,path or service name,feedback,service satisfaction rating,type"
    (folder / "export.csv").write_text("\n".join([header, *(line.replace(",", " 00:00:00,", 1) for line in lines), ""]))
    return folder


def test_every_daily_table_can_be_emptied_and_built_again_from_the_extracts_and_the_frozen_counts(
    lpa: LpaDatabase, systems: Systems, sirius: Sirius, tmp_path: Path
) -> None:
    for hour, lpa_type in enumerate(("health-and-welfare", "property-and-financial", None)):
        at = noon(DAY) + timedelta(hours=hour)
        insert_application(lpa.cursor, started_at=at, created_at=at, completed_at=at, lpa_type=lpa_type)
        insert_application(lpa.cursor, started_at=at, created_at=noon(LATER), lpa_type=lpa_type)
        insert_feedback(lpa.cursor, at + ONE_DAY, "satisfied")
    read(lpa)
    extracting.done_page(lpa.warehouse, export(tmp_path / "exports", DAYS), DAYS, NIGHT)
    sirius.read(DAYS, NIGHT)
    build(systems)
    build(systems, DayRange(LATER, LATER))
    before = figures(lpa.warehouse)
    assert all(before)
    assert (drop(systems).rows, drop(systems, "in-service").rows) == (3, 3)
    for table in (*(asset.name for asset in DAILY), "built_periods"):
        execute(lpa.warehouse, f"DELETE FROM perf.{table}")
    build(systems)
    build(systems, DayRange(LATER, LATER))
    assert figures(lpa.warehouse) == before
    (left,) = extracting.query(lpa.warehouse, "SELECT string_agg(DISTINCT source, ' ') FROM perf.extracted_feedback")
    assert tuple(left) == ("done-page",)


def test_earlier_days_that_are_read_later_are_frozen_before_their_rows_are_dropped(
    lpa: LpaDatabase, systems: Systems
) -> None:
    for day in OLD:
        insert_application(lpa.cursor, started_at=noon(day))
    newer = DayRange(DAY + ONE_DAY, DAYS.last)
    read(lpa, newer)
    build(systems, DayRange(newer.first, OLD.last))
    assert drop(systems).rows == 2
    read(lpa, DayRange(DAY, DAY))
    build(systems)
    before = figures(lpa.warehouse)
    assert drop(systems) == Dropped(1, OLD, held_back_by=OLD.last + ONE_DAY)
    build(systems)
    assert figures(lpa.warehouse) == before


def test_no_row_comes_back_whatever_is_asked_for_and_whatever_the_source_holds(
    lpa: LpaDatabase, systems: Systems
) -> None:
    def extract(days: DayRange) -> None:
        publish(systems, [asset for asset in EXTRACTED if asset.name != "extracted_channel_counts"], days)

    insert_application(lpa.cursor, started_at=noon(DAY))
    insert_feedback(lpa.cursor, noon(DAY), "satisfied")
    read(lpa)
    build(systems)
    before, ledger = figures(lpa.warehouse), extracting.ledger(lpa.warehouse, "applications")
    extract(OLD)
    assert kept(lpa.warehouse) == []
    insert_application(lpa.cursor, started_at=noon(DAY))
    extract(DAYS)
    lpa.cursor.execute("DELETE FROM applications; DELETE FROM feedback")
    extract(DAYS)
    assert kept(lpa.warehouse) == []
    assert extracting.query(lpa.warehouse, "SELECT FROM perf.extracted_feedback") == []
    assert extracting.ledger(lpa.warehouse, "applications") == ledger
    build(systems)
    assert figures(lpa.warehouse) == before


def test_a_later_state_of_a_dropped_application_counts_and_its_old_ones_do_not_count_twice(
    lpa: LpaDatabase, systems: Systems
) -> None:
    insert_application(lpa.cursor, started_at=noon(DAY), created_at=noon(DAY))
    later = DayRange(LATER, LATER)
    read(lpa)
    build(systems)
    build(systems, later)
    before = figures(lpa.warehouse)
    drop(systems)
    lpa.cursor.execute('UPDATE applications SET "completedAt" = %s', (noon(LATER),))
    read(lpa, later, NIGHT + ONE_DAY)
    build(systems)
    build(systems, later)
    assert kept(lpa.warehouse) == [(DAY, DAY, LATER)]
    rows = zip(chain(*figures(lpa.warehouse)), chain(*before), strict=True)
    assert {row.report_date for row, earlier in rows if row != earlier} == {LATER}


def test_a_dropping_that_is_killed_freezes_nothing_and_drops_nothing(lpa: LpaDatabase, systems: Systems) -> None:
    insert_application(lpa.cursor, started_at=noon(DAY))
    read(lpa)
    build(systems)
    ended: list[type[BaseException]] = []

    def drop_until_killed() -> None:
        try:
            drop(systems)
        except OperationalError as error:
            ended.append(type(error))

    dropping = threading.Thread(target=drop_until_killed)
    with transaction(lpa.warehouse) as other:
        # The counts are frozen by the time that the row is waited for.
        other.exec_driver_sql("SELECT FROM perf.extracted_application_states FOR UPDATE")
        dropping.start()
        extracting.wait_for(
            lpa.warehouse,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%DELETE FROM perf.extracted_application_states%'",
        )
        dropping.join()
    assert ended == [OperationalError]
    assert (kept(lpa.warehouse), frozen(lpa.warehouse)) == ([(DAY, None, None)], 0)
    assert drop(systems).rows == 1
    assert frozen(lpa.warehouse) == len(OLD)


def test_a_dropping_waits_for_a_build_that_is_under_way(lpa: LpaDatabase, systems: Systems) -> None:
    insert_application(lpa.cursor, started_at=noon(DAY))
    read(lpa)
    build(systems)
    dropping = threading.Thread(target=drop, args=[systems])
    with transaction(lpa.warehouse) as building:
        lock_for_writing(building, "daily_completion_rate")
        dropping.start()
        extracting.wait_for(lpa.warehouse, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        building.exec_driver_sql("UPDATE perf.built_periods SET has_passed = false")
    dropping.join()
    assert kept(lpa.warehouse) == [(DAY, None, None)]


def test_dagit_shows_what_was_dropped_and_which_day_holds_back_the_next(systems: Systems) -> None:
    dropped = {(SERVICE, "applications"): Dropped(1, OLD, OLD.last + ONE_DAY), (SERVICE, "other"): Dropped(0, None)}
    metadata = report_extraction(systems, [SOURCES["applications"]], OLD, set(), dropped, "a run").metadata
    assert metadata["old_rows_dropped"] == 1
    table = metadata["retention"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [tuple(record.data.values()) for record in table.records] == [
        (SERVICE, "applications", "1", str(OLD), str(OLD.last + ONE_DAY))
    ]
