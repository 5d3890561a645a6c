"""What the service's feedback table does to its rows, and what our copy keeps of it (DOMAIN 3.1, traps 6, 7 and 9)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_feedback, prune_feedback

DAY = date(2026, 5, 4)
NEXT_DAY = date(2026, 5, 5)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 5, 4, 23, tzinfo=UTC)
"""The instant at which DAY ends in London."""
SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
NIGHT_AFTER = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
COMMENT = {"details": "A comment", "email": "someone@example.com"}


def extract(lpa: LpaDatabase, first: date = DAY, last: date | None = None, *, at: datetime = NIGHT_AFTER) -> None:
    extracting.in_service(lpa.warehouse, lpa.url, DayRange(first, last or first), at)


def counts(lpa: LpaDatabase, day: date = DAY) -> list[int]:
    """Ratings of 5, 4, 3, 2, 1."""
    with connected(lpa.warehouse) as connection:
        rows = satisfaction_of_days(connection, DayRange(day, day))
    return [int(rows[name].item()) for name in RATING_COUNTS]


def test_each_rating_counts_on_the_scale_and_stays_when_it_is_pruned(lpa: LpaDatabase) -> None:
    scale = "very-satisfied satisfied satisfied neither-satisfied-or-dissatisfied dissatisfied very-dissatisfied"
    for rating in scale.split():
        insert_feedback(lpa.cursor, NOON, rating)
    extract(lpa)
    assert counts(lpa) == [1, 2, 1, 1, 1]
    prune_feedback(lpa.cursor, NOON + A_DAY)
    extract(lpa, at=NIGHT_AFTER + A_DAY)
    assert counts(lpa) == [1, 2, 1, 1, 1]


def test_what_is_left_of_a_pruned_double_submission_is_no_new_rating(lpa: LpaDatabase) -> None:
    insert_feedback(lpa.cursor, NOON, "satisfied", **COMMENT)
    insert_feedback(lpa.cursor, NOON + 60 * SECOND, "satisfied", **COMMENT)
    extract(lpa)
    prune_feedback(lpa.cursor, NOON + 30 * SECOND)
    extract(lpa, at=NIGHT_AFTER + A_DAY)
    assert counts(lpa) == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(("first_read", "is_estimated"), [(date(2028, 5, 4), False), (date(2028, 5, 5), True)])
def test_a_day_first_read_after_its_pruning_is_an_estimate(
    lpa: LpaDatabase, first_read: date, is_estimated: bool
) -> None:
    extract(lpa, at=datetime.combine(first_read, NOON.timetz()))
    with connected(lpa.warehouse) as connection:
        assert satisfaction_of_days(connection, DayRange(DAY, DAY))["is_estimated"].tolist() == [is_estimated]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (
            r'{"rating": "<script>alert(\"hello rating\");</script>dissatisfied"}',
            "rating_outside_scale",
        ),
        ('{"rating": "very-issatisfied"}', "rating_outside_scale"),
        ('{"rating": ""}', "rating_outside_scale"),
        ('{"rating": 5}', "rating_outside_scale"),
        ('{"rating": ["satisfied"]}', "rating_outside_scale"),
        ('{"rating": null}', "rating_is_missing"),
        ('{"details": "words"}', "rating_is_missing"),
        ('"satisfied"', "rating_is_missing"),
        ("[]", "rating_is_missing"),
        ("null", "rating_is_missing"),
        ("{}", "message_is_empty"),
    ],
)
def test_a_message_without_a_rating_on_the_scale_is_set_aside_with_its_reason(
    lpa: LpaDatabase, message: str, reason: str
) -> None:
    lpa.cursor.execute("INSERT INTO feedback (received, message) VALUES (%s, %s) RETURNING id", (NOON, message))
    ((bad,),) = lpa.cursor.fetchall()
    insert_feedback(lpa.cursor, NOON, "satisfied")
    extract(lpa)
    assert extracting.quarantine(lpa.warehouse) == {f"feedback.id={bad}": reason}
    assert counts(lpa) == [0, 1, 0, 0, 0]
    found = extracting.ledger(lpa.warehouse, "in-service")[DAY]
    assert (found.rows_read_count, found.rows_kept_count, found.rows_quarantined_count) == (2, 1, 1)


def test_a_row_stays_in_quarantine_until_it_is_mended(lpa: LpaDatabase) -> None:
    insert_feedback(lpa.cursor, NOON, "very-issatisfied")
    extract(lpa)
    extract(lpa, at=NIGHT_AFTER + A_DAY)
    (row,) = extracting.query(lpa.warehouse, "SELECT * FROM perf.quarantined_rows")
    assert (row.first_seen_at, row.last_seen_at) == (NIGHT_AFTER, NIGHT_AFTER + A_DAY)
    lpa.cursor.execute("""UPDATE feedback SET message = '{"rating": "very-satisfied"}'""")
    extract(lpa, at=NIGHT_AFTER + 2 * A_DAY)
    assert extracting.quarantine(lpa.warehouse) == {}
    assert counts(lpa) == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("seconds", "counted"),
    [
        ((0, 300), 1),
        ((0, 301), 2),
        # The distance is to the last row that counted: 0, 400 and 800 count.
        ((0, 200, 400, 600, 800), 3),
    ],
)
def test_the_same_sent_again_within_300_seconds_counts_once(
    lpa: LpaDatabase, seconds: tuple[int, ...], counted: int
) -> None:
    for after in seconds:
        insert_feedback(lpa.cursor, NOON + after * SECOND, "satisfied", **COMMENT)
    extract(lpa)
    assert counts(lpa) == [0, counted, 0, 0, 0]
    found = extracting.ledger(lpa.warehouse, "in-service")[DAY]
    rows = (found.rows_read_count, found.rows_kept_count, found.rows_duplicate_count)
    assert rows == (len(seconds), counted, len(seconds) - counted)


@pytest.mark.parametrize("as_one_range", [True, False])
def test_a_chain_across_midnight_counts_alike_by_day_and_by_range(lpa: LpaDatabase, as_one_range: bool) -> None:
    for seconds in (-500, -300, -100, 100, 300):  # -500, -100 and 300 count
        insert_feedback(lpa.cursor, MIDNIGHT + seconds * SECOND, "satisfied", **COMMENT)
    for days in [(DAY, NEXT_DAY)] if as_one_range else [(NEXT_DAY,), (DAY,)]:
        extract(lpa, *days)
    assert (counts(lpa, DAY)[1], counts(lpa, NEXT_DAY)[1]) == (2, 1)


@pytest.mark.parametrize("details", ["", None])
def test_ratings_without_a_comment_are_never_merged(lpa: LpaDatabase, details: str | None) -> None:
    for _ in range(2):
        number = insert_feedback(lpa.cursor, NOON, "satisfied", email="someone@example.com")
        if details is None:
            lpa.cursor.execute("UPDATE feedback SET message = message - 'details' WHERE id = %s", (number,))
    extract(lpa)
    assert counts(lpa) == [0, 2, 0, 0, 0]


@pytest.mark.parametrize("field", ["rating", "details", "agent", "from_page", "email", "phone"])
def test_rows_that_differ_in_one_field_both_count(lpa: LpaDatabase, field: str) -> None:
    same = {"details": "A comment", "agent": "a", "from_page": "/home", "email": "a@example.com", "phone": "1"}
    same["rating"] = "satisfied"
    insert_feedback(lpa.cursor, NOON, **same)
    insert_feedback(lpa.cursor, NOON, **same | {field: "dissatisfied"})
    extract(lpa)
    assert sum(counts(lpa)) == 2


def test_a_rating_in_the_last_hour_of_a_summer_evening_in_utc_counts_on_the_next_day(lpa: LpaDatabase) -> None:
    insert_feedback(lpa.cursor, MIDNIGHT + 1800 * SECOND, "satisfied")
    extract(lpa, DAY, NEXT_DAY)
    assert (sum(counts(lpa, DAY)), sum(counts(lpa, NEXT_DAY))) == (0, 1)
