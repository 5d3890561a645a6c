"""What the applications table does to its rows, and what our copy keeps of it (DOMAIN 3.1, traps 1 to 5 and 10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as psycopg2_connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import SourceEntry
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.extracted.applications.extract import extract_applications
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase, lose_rows
from perf_pipeline_tests.lpa_rows import blank_application, delete_application, insert_application, restamp_application

DAY = date(2026, 5, 4)
NEXT_DAY = DAY + timedelta(days=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
NIGHT_AFTER = datetime(2026, 5, 5, 2, 30, tzinfo=UTC)


def extract(lpa: LpaDatabase, first: date, last: date | None = None, *, at: datetime = NIGHT_AFTER) -> None:
    extracting.applications(lpa.warehouse, lpa.url, DayRange(first, last or first), at)


def kept(lpa: LpaDatabase) -> list[Row[Any]]:
    return extracting.query(lpa.warehouse, "SELECT * FROM perf.extracted_application_states ORDER BY application_hash")


def counts(lpa: LpaDatabase, day: date = DAY, lpa_type: str = ALL) -> tuple[int, int, int, int]:
    """Started, created, completed and created on the day of the start."""
    with connected(lpa.warehouse) as connection:
        rows = states_of_days(connection, DayRange(day, day))
    row = rows[rows["lpa_type"] == lpa_type].iloc[0]
    return row.started_count, row.created_count, row.completed_count, row.created_same_day_count


def set_type(lpa: LpaDatabase, lpa_type: str | None) -> None:
    lpa.cursor.execute("UPDATE applications SET document = jsonb_build_object('type', %s::text)", (lpa_type,))


@pytest.mark.parametrize("forget", [blank_application, delete_application, restamp_application])
def test_what_the_source_forgets_stays_as_first_seen(lpa: LpaDatabase, forget: Callable[[Cursor, int], None]) -> None:
    number = insert_application(lpa.cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + 2 * HOUR)
    extract(lpa, DAY)
    forget(lpa.cursor, number)
    extract(lpa, DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(lpa) == (1, 1, 1, 1)


def test_an_application_blanked_before_it_was_extracted_counts_never(lpa: LpaDatabase) -> None:
    blank_application(lpa.cursor, insert_application(lpa.cursor, started_at=NOON))
    extract(lpa, DAY)
    assert kept(lpa) == []
    assert counts(lpa) == (0, 0, 0, 0)


def test_a_completion_that_does_not_move_updated_at_is_found(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON)
    extract(lpa, DAY)
    lpa.cursor.execute('UPDATE applications SET "completedAt" = %s', (NOON + 30 * A_DAY,))
    completed_on = DAY + timedelta(days=30)
    extract(lpa, completed_on, at=NIGHT_AFTER + 30 * A_DAY)
    assert counts(lpa, completed_on) == (0, 0, 1, 0)
    assert len(kept(lpa)) == 1


def test_a_later_stamp_is_kept_for_audit_outlives_a_reset_and_counts_nowhere(lpa: LpaDatabase) -> None:
    number = insert_application(lpa.cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + 2 * HOUR)
    extract(lpa, DAY)
    restamp_application(lpa.cursor, number, created_at=NOON + A_DAY, completed_at=NOON + A_DAY + HOUR)
    extract(lpa, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    restamp_application(lpa.cursor, number)
    extract(lpa, DAY, NEXT_DAY, at=NIGHT_AFTER + 2 * A_DAY)
    (row,) = kept(lpa)
    assert (row.created_at, row.latest_created_at) == (NOON + HOUR, NOON + A_DAY)
    assert (row.completed_at, row.latest_completed_at) == (NOON + 2 * HOUR, NOON + A_DAY + HOUR)
    assert counts(lpa) == (1, 1, 1, 1)
    assert counts(lpa, NEXT_DAY) == (0, 0, 0, 0)


def test_an_earlier_stamp_found_later_is_the_one_that_counts(lpa: LpaDatabase) -> None:
    number = insert_application(lpa.cursor, started_at=NOON, created_at=NOON + A_DAY)
    extract(lpa, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    restamp_application(lpa.cursor, number, created_at=NOON + HOUR)
    extract(lpa, DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(lpa) == (1, 1, 0, 1)
    assert counts(lpa, NEXT_DAY) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        pytest.param({"created_at": NOON, "completed_at": NOON}, [(0, 1, 1, 0), (0, 0, 0, 0)], id="no start"),
        pytest.param(
            # A day before its start is as far as clocks may differ.
            {"started_at": NOON + A_DAY, "created_at": NOON, "completed_at": NOON + HOUR},
            [(0, 1, 1, 0), (1, 0, 0, 0)],
            id="out of order",
        ),
        pytest.param(
            {"started_at": NOON + A_DAY, "created_at": NOON - timedelta(seconds=1)},
            [(0, 0, 0, 0), (0, 0, 0, 0)],
            id="impossible",
        ),
    ],
)
def test_each_stamp_that_can_be_counts_on_its_own_day(
    lpa: LpaDatabase, stamps: dict[str, Any], expected: list[tuple[int, int, int, int]]
) -> None:
    insert_application(lpa.cursor, **stamps)
    extract(lpa, DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    assert [counts(lpa, day) for day in (DAY, NEXT_DAY)] == expected


def test_a_start_before_the_first_day_of_the_source_hides_no_later_state(lpa: LpaDatabase) -> None:
    reading = extracting.reading(lpa.warehouse, "applications", lpa.url, DayRange(DAY, DAY), NIGHT_AFTER)
    sources = reading.service.sources | {"applications": SourceEntry(database="PERF_A_DATABASE_URL", first_day=DAY)}
    insert_application(lpa.cursor, started_at=NOON - A_DAY, created_at=NOON)
    extract_applications(replace(reading, service=reading.service.model_copy(update={"sources": sources})))
    assert counts(lpa) == (0, 1, 0, 0)


@pytest.mark.parametrize("document", ["{}", None, '{"type": "a new type"}'])
def test_an_application_without_a_known_type_counts_as_unknown(lpa: LpaDatabase, document: str | None) -> None:
    insert_application(lpa.cursor, started_at=NOON)
    lpa.cursor.execute("UPDATE applications SET document = %s", (document,))
    extract(lpa, DAY)
    assert counts(lpa, DAY, "unknown") == counts(lpa) == (1, 0, 0, 0)


def test_applications_with_equal_stamps_are_told_apart(lpa: LpaDatabase) -> None:
    for _ in range(3):
        insert_application(lpa.cursor, started_at=NOON, created_at=NOON, completed_at=NOON)
    extract(lpa, DAY)
    assert len({row.application_hash for row in kept(lpa)}) == 3
    assert counts(lpa) == (3, 3, 3, 3)


def test_a_creation_counts_under_the_type_at_its_first_extraction(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, created_at=NOON, completed_at=NOON, lpa_type="health-and-welfare")
    extract(lpa, DAY)
    set_type(lpa, "property-and-financial")
    extract(lpa, DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(lpa, DAY, "health-and-welfare") == (0, 1, 1, 0)
    assert counts(lpa, DAY, "property-and-financial") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("first_type", "later_type", "days_later", "counts_under"),
    [
        (None, "health-and-welfare", 0, "health-and-welfare"),
        (None, "health-and-welfare", 90, "health-and-welfare"),
        # On the 91st day the 90th is read for the first time.
        (None, "health-and-welfare", 91, "health-and-welfare"),
        (None, "health-and-welfare", 92, "unknown"),
        ("health-and-welfare", None, 1, "health-and-welfare"),
    ],
)
def test_a_start_takes_the_last_type_known_by_its_90th_day(
    lpa: LpaDatabase, first_type: str | None, later_type: str | None, days_later: int, counts_under: str
) -> None:
    insert_application(lpa.cursor, started_at=NOON, lpa_type=first_type)
    extract(lpa, DAY, at=NOON + HOUR)
    set_type(lpa, later_type)
    extract(lpa, DAY, at=NOON + days_later * A_DAY + 2 * HOUR)
    assert counts(lpa, DAY, counts_under) == counts(lpa) == (1, 0, 0, 0)


def test_a_reading_that_another_overtook_takes_back_nothing(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON, lpa_type="health-and-welfare")
    extract(lpa, DAY, at=NIGHT_AFTER + A_DAY)
    set_type(lpa, "property-and-financial")
    extract(lpa, DAY, at=NIGHT_AFTER)
    (row,) = kept(lpa)
    assert row.started_lpa_type == "health-and-welfare"
    assert row.last_seen_at == NIGHT_AFTER + A_DAY
    assert extracting.revisions(lpa.warehouse, "applications") == {DAY: 1}


def test_the_first_and_the_last_sight_of_an_application_are_kept(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON)
    for nights in range(3):
        extract(lpa, DAY, at=NIGHT_AFTER + nights * A_DAY)
    (row,) = kept(lpa)
    assert (row.first_seen_at, row.last_seen_at) == (NIGHT_AFTER, NIGHT_AFTER + 2 * A_DAY)


def test_reading_unchanged_applications_twice_a_day_rewrites_none(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + A_DAY)
    insert_application(lpa.cursor, created_at=NOON, lpa_type=None)
    extract(lpa, DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    versions = "SELECT xmin::text FROM perf.extracted_application_states"
    before = extracting.query(lpa.warehouse, versions)
    extract(lpa, DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY + HOUR)
    assert extracting.query(lpa.warehouse, versions) == before


def test_applications_that_are_lost_in_merging_are_read_and_not_kept(
    warehouse: Engine, lpa_database_url: str, lpa_database: psycopg2_connection
) -> None:
    """A day without any is a delivered day of zeros."""
    lpa = LpaDatabase(warehouse, lpa_database_url, lpa_database.cursor())
    for hours in range(3):
        insert_application(lpa.cursor, started_at=NOON + hours * HOUR)
    lose_rows(warehouse, "extracted_application_states", f"NEW.started_at = '{NOON + HOUR}'")
    extract(lpa, DAY, NEXT_DAY)
    ledger = extracting.ledger(warehouse, "applications")
    assert [(row.rows_read_count, row.rows_kept_count) for row in ledger.values()] == [(3, 2), (0, 0)]
    assert counts(lpa, NEXT_DAY) == (0, 0, 0, 0)
