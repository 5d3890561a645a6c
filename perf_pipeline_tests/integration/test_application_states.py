"""What the applications table does to its rows, and what our copy keeps of it (DOMAIN 3.1, traps 1 to 5 and 10)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.columns import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.demo.lpa_traps import blank_application, delete_application, insert_application, restamp_application
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting

DAY = date(2026, 5, 4)
NEXT_DAY = DAY + timedelta(days=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
NIGHT_AFTER = datetime(2026, 5, 5, 2, 30, tzinfo=UTC)

Extract = Callable[..., None]


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


@pytest.fixture
def lpa_database_url(emptied_lpa_database_url: str) -> str:
    return emptied_lpa_database_url


@pytest.fixture
def extract(warehouse: Engine, lpa_database_url: str) -> Extract:
    def read(first: date, last: date | None = None, *, at: datetime = NIGHT_AFTER, key: bytes = b"k") -> None:
        extracting.applications(warehouse, lpa_database_url, DayRange(first, last or first), at, key)

    return read


def kept(warehouse: Engine) -> list[Row[Any]]:
    return extracting.query(warehouse, "SELECT * FROM perf.extracted_application_states ORDER BY application_hash")


def counts(warehouse: Engine, day: date, lpa_type: str = ALL) -> tuple[int, int, int, int]:
    """Started, created, completed and created on the day of the start."""
    with connected(warehouse) as connection:
        rows = states_of_days(connection, DayRange(day, day))
    row = rows[rows["lpa_type"] == lpa_type].iloc[0]
    return row.started_count, row.created_count, row.completed_count, row.created_same_day_count


def test_a_blanked_application_stays_as_first_seen(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    number = insert_application(cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + 2 * HOUR)
    extract(DAY)
    before = kept(warehouse)
    blank_application(cursor, number)
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert kept(warehouse) == before
    assert counts(warehouse, DAY) == (1, 1, 1, 1)


def test_an_application_that_vanished_stays_as_first_seen(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    number = insert_application(cursor, started_at=NOON)
    extract(DAY)
    delete_application(cursor, number)
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY) == (1, 0, 0, 0)


def test_an_application_blanked_before_it_was_extracted_counts_never(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    blank_application(cursor, insert_application(cursor, started_at=NOON))
    extract(DAY)
    assert kept(warehouse) == []
    assert counts(warehouse, DAY) == (0, 0, 0, 0)


def test_a_completion_that_does_not_move_updated_at_is_found(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_application(cursor, started_at=NOON)
    extract(DAY)
    cursor.execute('UPDATE applications SET "completedAt" = %s', (NOON + 30 * A_DAY,))
    completed_on = DAY + timedelta(days=30)
    extract(completed_on, at=NIGHT_AFTER + 30 * A_DAY)
    assert counts(warehouse, completed_on) == (0, 0, 1, 0)
    assert len(kept(warehouse)) == 1


def test_a_reset_moves_nothing(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    number = insert_application(cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + 2 * HOUR)
    extract(DAY)
    restamp_application(cursor, number)
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY) == (1, 1, 1, 1)


def test_a_later_stamp_is_kept_for_audit_and_counts_nowhere(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    number = insert_application(cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + 2 * HOUR)
    extract(DAY)
    restamp_application(cursor, number, created_at=NOON + A_DAY, completed_at=NOON + A_DAY + HOUR)
    extract(NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    (row,) = kept(warehouse)
    assert (row.created_at, row.latest_created_at) == (NOON + HOUR, NOON + A_DAY)
    assert (row.completed_at, row.latest_completed_at) == (NOON + 2 * HOUR, NOON + A_DAY + HOUR)
    assert counts(warehouse, DAY) == (1, 1, 1, 1)
    assert counts(warehouse, NEXT_DAY) == (0, 0, 0, 0)


def test_the_latest_stamp_outlives_another_reset(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    number = insert_application(cursor, started_at=NOON, created_at=NOON + HOUR)
    extract(DAY)
    restamp_application(cursor, number, created_at=NOON + 5 * HOUR)
    extract(DAY, at=NIGHT_AFTER + HOUR)
    restamp_application(cursor, number)
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    (row,) = kept(warehouse)
    assert (row.created_at, row.latest_created_at) == (NOON + HOUR, NOON + 5 * HOUR)


def test_an_earlier_stamp_found_later_is_the_one_that_counts(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    number = insert_application(cursor, started_at=NOON, created_at=NOON + A_DAY)
    extract(NEXT_DAY)
    restamp_application(cursor, number, created_at=NOON + HOUR)
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY) == (1, 1, 0, 1)
    assert counts(warehouse, NEXT_DAY) == (0, 0, 0, 0)


def test_stamps_out_of_order_count_on_their_own_days(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_application(cursor, started_at=NOON + A_DAY, created_at=NOON, completed_at=NOON - A_DAY)
    extract(DAY - A_DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY - A_DAY) == (0, 0, 1, 0)
    assert counts(warehouse, DAY) == (0, 1, 0, 0)
    assert counts(warehouse, NEXT_DAY) == (1, 0, 0, 0)


def test_stamps_that_are_null_count_nowhere(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_application(cursor, created_at=NOON, completed_at=NOON)
    extract(DAY)
    assert counts(warehouse, DAY) == (0, 1, 1, 0)


@pytest.mark.parametrize(("lpa_type", "document"), [(None, {}), (None, None), (None, {"type": "a new type"})])
def test_an_application_without_a_known_type_counts_as_unknown(
    warehouse: Engine, cursor: Cursor, extract: Extract, lpa_type: str | None, document: dict[str, object] | None
) -> None:
    insert_application(cursor, started_at=NOON, lpa_type=lpa_type, document=document)
    extract(DAY)
    assert counts(warehouse, DAY, "unknown") == counts(warehouse, DAY) == (1, 0, 0, 0)


def test_applications_with_equal_stamps_are_told_apart(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    for _ in range(3):
        insert_application(cursor, started_at=NOON, created_at=NOON, completed_at=NOON)
    extract(DAY)
    assert len({row.application_hash for row in kept(warehouse)}) == 3
    assert counts(warehouse, DAY) == (3, 3, 3, 3)


def test_the_hash_depends_on_the_key(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_application(cursor, started_at=NOON)
    extract(DAY, key=b"one")
    extract(DAY, key=b"one")
    extract(DAY, key=b"another")
    assert len(kept(warehouse)) == 2


def test_a_creation_counts_under_the_type_at_its_first_extraction(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_application(cursor, created_at=NOON, completed_at=NOON, lpa_type="health-and-welfare")
    extract(DAY)
    cursor.execute("""UPDATE applications SET document = '{"type": "property-and-financial"}'""")
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY, "health-and-welfare") == (0, 1, 1, 0)
    assert counts(warehouse, DAY, "property-and-financial") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("days_later", "counts_under"),
    # On the 91st day the 90th is read for the first time.
    [(0, "health-and-welfare"), (90, "health-and-welfare"), (91, "health-and-welfare"), (92, "unknown")],
)
def test_a_start_takes_the_last_type_known_by_its_90th_day(
    warehouse: Engine, cursor: Cursor, extract: Extract, days_later: int, counts_under: str
) -> None:
    insert_application(cursor, started_at=NOON, lpa_type=None)
    extract(DAY, at=NOON + HOUR)
    cursor.execute("""UPDATE applications SET document = '{"type": "health-and-welfare"}'""")
    extract(DAY, at=NOON + days_later * A_DAY + 2 * HOUR)
    assert counts(warehouse, DAY, counts_under) == (1, 0, 0, 0)
    assert counts(warehouse, DAY) == (1, 0, 0, 0)


def test_a_start_whose_type_was_taken_back_keeps_it(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_application(cursor, started_at=NOON, lpa_type="health-and-welfare")
    extract(DAY)
    cursor.execute("UPDATE applications SET document = NULL")
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse, DAY, "health-and-welfare") == (1, 0, 0, 0)


def test_a_reading_that_another_overtook_takes_back_nothing(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_application(cursor, started_at=NOON, lpa_type="health-and-welfare")
    extract(DAY, at=NIGHT_AFTER + A_DAY)
    cursor.execute("""UPDATE applications SET document = '{"type": "property-and-financial"}'""")
    extract(DAY, at=NIGHT_AFTER)
    (row,) = kept(warehouse)
    assert row.started_lpa_type == "health-and-welfare"
    assert row.last_seen_at == NIGHT_AFTER + A_DAY


def test_the_first_and_the_last_sight_of_an_application_are_kept(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_application(cursor, started_at=NOON)
    for nights in range(3):
        extract(DAY, at=NIGHT_AFTER + nights * A_DAY)
    (row,) = kept(warehouse)
    assert (row.first_seen_at, row.last_seen_at) == (NIGHT_AFTER, NIGHT_AFTER + 2 * A_DAY)


def test_reading_unchanged_applications_twice_a_day_rewrites_none(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_application(cursor, started_at=NOON, created_at=NOON + HOUR, completed_at=NOON + A_DAY)
    insert_application(cursor, created_at=NOON, lpa_type=None)
    extract(DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY)
    versions = "SELECT xmin::text FROM perf.extracted_application_states"
    before = extracting.query(warehouse, versions)
    extract(DAY, NEXT_DAY, at=NIGHT_AFTER + A_DAY + HOUR)
    assert extracting.query(warehouse, versions) == before


def test_a_day_without_applications_is_a_delivered_day_of_zeros(warehouse: Engine, extract: Extract) -> None:
    extract(DAY)
    assert counts(warehouse, DAY) == (0, 0, 0, 0)
