"""What the service's feedback table does to its rows, and what our copy keeps of it (DOMAIN 3.1, traps 6, 7 and 9)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.demo.lpa_traps import insert_feedback, prune_feedback
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting

DAY = date(2026, 5, 4)
NEXT_DAY = date(2026, 5, 5)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 4, 23, tzinfo=UTC)
"""The instant at which DAY ends in London."""
SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
NIGHT_AFTER = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
COMMENT = {"details": "A comment", "email": "someone@example.com"}

Extract = Callable[..., None]


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


@pytest.fixture
def lpa_database_url(emptied_lpa_database_url: str) -> str:
    return emptied_lpa_database_url


@pytest.fixture
def extract(warehouse: Engine, lpa_database_url: str) -> Extract:
    def read(first: date = DAY, last: date | None = None, *, at: datetime = NIGHT_AFTER) -> None:
        extracting.in_service(warehouse, lpa_database_url, DayRange(first, last or first), at)

    return read


def counts(warehouse: Engine, day: date = DAY) -> list[int]:
    """Ratings of 5, 4, 3, 2, 1."""
    with connected(warehouse) as connection:
        rows = satisfaction_of_days(connection, DayRange(day, day))
    return [int(rows[name].item()) for name in RATING_COUNTS]


def test_each_rating_counts_on_the_scale(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    ratings = [
        "very-satisfied",
        "satisfied",
        "satisfied",
        "neither-satisfied-or-dissatisfied",
        "dissatisfied",
        "very-dissatisfied",
    ]
    for rating in ratings:
        insert_feedback(cursor, NOON, rating)
    extract()
    assert counts(warehouse) == [1, 2, 1, 1, 1]


def test_pruned_ratings_stay_as_first_seen(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_feedback(cursor, NOON, "satisfied")
    insert_feedback(cursor, NOON, "dissatisfied")
    extract()
    prune_feedback(cursor, NOON + A_DAY)
    extract(at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse) == [0, 1, 0, 1, 0]


def test_what_is_left_of_a_pruned_double_submission_is_no_new_rating(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_feedback(cursor, NOON, "satisfied", **COMMENT)
    insert_feedback(cursor, NOON + 60 * SECOND, "satisfied", **COMMENT)
    extract()
    prune_feedback(cursor, NOON + 30 * SECOND)
    extract(at=NIGHT_AFTER + A_DAY)
    assert counts(warehouse) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(("first_read", "is_estimated"), [(date(2028, 5, 4), False), (date(2028, 5, 5), True)])
def test_a_day_first_read_after_its_pruning_is_an_estimate(
    warehouse: Engine, extract: Extract, first_read: date, is_estimated: bool
) -> None:
    extract(at=datetime.combine(first_read, NOON.timetz()))
    with connected(warehouse) as connection:
        assert satisfaction_of_days(connection, DayRange(DAY, DAY))["is_estimated"].tolist() == [is_estimated]


@pytest.mark.parametrize(
    ("rating", "reason"),
    [
        ('<script>alert("hello rating");</script>dissatisfied', "rating_is_outside_the_scale"),
        ("very-issatisfied", "rating_is_outside_the_scale"),
        ("", "rating_is_outside_the_scale"),
        (None, "rating_is_missing"),
    ],
)
def test_a_rating_outside_of_the_scale_is_set_aside_with_its_reason(
    warehouse: Engine, cursor: Cursor, extract: Extract, rating: str | None, reason: str
) -> None:
    bad = insert_feedback(cursor, NOON, rating)
    insert_feedback(cursor, NOON, "satisfied")
    extract()
    assert extracting.quarantine(warehouse) == {f"feedback.id={bad}": reason}
    assert counts(warehouse) == [0, 1, 0, 0, 0]
    found = extracting.ledger(warehouse, "in-service")[DAY]
    assert (found.rows_read_count, found.rows_kept_count, found.rows_quarantined_count) == (2, 1, 1)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{}", "message_is_empty"),
        ("[]", "rating_is_missing"),
        ('"satisfied"', "rating_is_missing"),
        ("null", "rating_is_missing"),
        ('{"rating": null}', "rating_is_missing"),
        ('{"rating": 5}', "rating_is_outside_the_scale"),
        ('{"rating": ["satisfied"]}', "rating_is_outside_the_scale"),
    ],
)
def test_a_message_of_another_shape_is_set_aside(
    warehouse: Engine, cursor: Cursor, extract: Extract, message: str, reason: str
) -> None:
    cursor.execute("INSERT INTO feedback (received, message) VALUES (%s, %s)", (NOON, message))
    extract()
    assert list(extracting.quarantine(warehouse).values()) == [reason]
    assert counts(warehouse) == [0, 0, 0, 0, 0]


def test_a_rating_that_was_mended_is_let_back_in(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_feedback(cursor, NOON, "very-issatisfied")
    extract()
    cursor.execute("""UPDATE feedback SET message = '{"rating": "very-satisfied"}'""")
    extract(at=NIGHT_AFTER + A_DAY)
    assert extracting.quarantine(warehouse) == {}
    assert counts(warehouse) == [1, 0, 0, 0, 0]


def test_a_row_stays_in_quarantine_with_the_instant_it_was_first_seen(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_feedback(cursor, NOON, None)
    extract()
    extract(at=NIGHT_AFTER + A_DAY)
    (row,) = extracting.query(warehouse, "SELECT * FROM perf.quarantined_rows")
    assert (row.first_seen_at, row.last_seen_at) == (NIGHT_AFTER, NIGHT_AFTER + A_DAY)


def test_the_same_sent_again_within_300_seconds_counts_once(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_feedback(cursor, NOON, "satisfied", **COMMENT)
    insert_feedback(cursor, NOON + 300 * SECOND, "satisfied", **COMMENT)
    extract()
    assert counts(warehouse) == [0, 1, 0, 0, 0]
    found = extracting.ledger(warehouse, "in-service")[DAY]
    assert (found.rows_read_count, found.rows_kept_count, found.rows_duplicate_count) == (2, 1, 1)


def test_the_same_sent_again_after_300_seconds_counts_twice(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_feedback(cursor, NOON, "satisfied", **COMMENT)
    insert_feedback(cursor, NOON + 301 * SECOND, "satisfied", **COMMENT)
    extract()
    assert counts(warehouse) == [0, 2, 0, 0, 0]


def test_along_a_chain_the_distance_is_to_the_last_row_that_counted(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    for seconds in (0, 200, 400, 600, 800):  # 0 counts, 400 counts, 800 counts
        insert_feedback(cursor, NOON + seconds * SECOND, "satisfied", **COMMENT)
    extract()
    assert counts(warehouse) == [0, 3, 0, 0, 0]


@pytest.mark.parametrize("as_one_range", [True, False])
def test_a_chain_across_midnight_counts_alike_by_day_and_by_range(
    warehouse: Engine, cursor: Cursor, extract: Extract, as_one_range: bool
) -> None:
    for seconds in (-500, -300, -100, 100, 300):  # -500, -100 and 300 count
        insert_feedback(cursor, MIDNIGHT + seconds * SECOND, "satisfied", **COMMENT)
    if as_one_range:
        extract(DAY, NEXT_DAY)
    else:
        extract(NEXT_DAY)
        extract(DAY)
    assert counts(warehouse, DAY) == [0, 2, 0, 0, 0]
    assert counts(warehouse, NEXT_DAY) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("details", ["", None])
def test_ratings_without_a_comment_are_never_merged(
    warehouse: Engine, cursor: Cursor, extract: Extract, details: str | None
) -> None:
    for _ in range(2):
        number = insert_feedback(cursor, NOON, "satisfied", email="someone@example.com")
        if details is None:
            cursor.execute("UPDATE feedback SET message = message - 'details' WHERE id = %s", (number,))
    extract()
    assert counts(warehouse) == [0, 2, 0, 0, 0]


@pytest.mark.parametrize("field", ["details", "agent", "from_page", "email", "phone"])
def test_rows_that_differ_in_one_field_both_count(
    warehouse: Engine, cursor: Cursor, extract: Extract, field: str
) -> None:
    same = {"details": "A comment", "agent": "a", "from_page": "/home", "email": "a@example.com", "phone": "1"}
    insert_feedback(cursor, NOON, "satisfied", **same)
    insert_feedback(cursor, NOON, "satisfied", **same | {field: "/other"})
    extract()
    assert counts(warehouse) == [0, 2, 0, 0, 0]


def test_the_same_comment_with_another_rating_counts_twice(warehouse: Engine, cursor: Cursor, extract: Extract) -> None:
    insert_feedback(cursor, NOON, "satisfied", **COMMENT)
    insert_feedback(cursor, NOON, "dissatisfied", **COMMENT)
    extract()
    assert counts(warehouse) == [0, 1, 0, 1, 0]


def test_a_rating_in_the_last_hour_of_a_summer_evening_in_utc_counts_on_the_next_day(
    warehouse: Engine, cursor: Cursor, extract: Extract
) -> None:
    insert_feedback(cursor, datetime(2026, 5, 4, 23, 30, tzinfo=UTC), "satisfied")
    extract(DAY, NEXT_DAY)
    assert counts(warehouse, DAY) == [0, 0, 0, 0, 0]
    assert counts(warehouse, NEXT_DAY) == [0, 1, 0, 0, 0]
