"""Traps planted by hand in an empty copy of the service's tables, on a real PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from perf_pipeline.demo import lpa_traps
from perf_pipeline_tests.extracting import LpaDatabase

DAY = timedelta(days=1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def cursor(lpa: LpaDatabase) -> Cursor:
    return lpa.cursor


def test_an_application_is_inserted_with_the_given_fields(cursor: Cursor) -> None:
    given = lpa_traps.insert_application(cursor, started_at=NOON, completed_at=NOON + DAY, lpa_type=None, id=2**40)
    following = lpa_traps.insert_application(cursor)
    bare = lpa_traps.insert_application(cursor, document=None)
    cursor.execute(
        'SELECT id, "startedAt", "createdAt", "completedAt", "updatedAt", document FROM applications ORDER BY id'
    )
    never = datetime(2025, 1, 1, tzinfo=UTC)
    assert cursor.fetchall() == [
        (given, NOON, None, NOON + DAY, NOON, {}),
        (following, None, None, None, never, {"type": "property-and-financial"}),
        (bare, None, None, None, never, None),
    ]
    assert (given, following, bare) == (2**40, 2**40 + 1, 2**40 + 2)


def test_an_application_is_blanked_and_deleted(cursor: Cursor) -> None:
    number = lpa_traps.insert_application(cursor, started_at=NOON)
    lpa_traps.blank_application(cursor, number)
    cursor.execute("SELECT jsonb_strip_nulls(to_jsonb(application)) FROM applications AS application")
    ((left,),) = cursor.fetchall()
    assert set(left) == {"id", "updatedAt"}
    lpa_traps.delete_application(cursor, number)
    cursor.execute("SELECT FROM applications")
    assert cursor.rowcount == 0


def test_stamps_are_reset_and_set_again(cursor: Cursor) -> None:
    number = lpa_traps.insert_application(cursor, created_at=NOON, completed_at=NOON)
    lpa_traps.restamp_application(cursor, number)
    cursor.execute('SELECT "createdAt", "completedAt" FROM applications')
    assert cursor.fetchall() == [(None, None)]
    lpa_traps.restamp_application(cursor, number, created_at=NOON + DAY)
    cursor.execute('SELECT "createdAt", "completedAt" FROM applications')
    assert cursor.fetchall() == [(NOON + DAY, None)]


def test_feedback_is_inserted_and_pruned(cursor: Cursor) -> None:
    lpa_traps.insert_feedback(cursor, NOON - DAY, "satisfied")
    lpa_traps.insert_feedback(cursor, NOON, None, details="well", email="somebody@example.org")
    lpa_traps.prune_feedback(cursor, NOON)
    cursor.execute("SELECT message FROM feedback")
    assert cursor.fetchall() == [
        ({"details": "well", "agent": "", "fromPage": "/home", "email": "somebody@example.org", "phone": ""},)
    ]
