"""Which days a merge records as changed: those whose counts it changes, and no others."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.demo.channel_model import ChannelCounts
from perf_pipeline.demo.sirius_behaviour import Revision
from perf_pipeline.extracted.readings import Merged
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase, Sirius
from perf_pipeline_tests.lpa_rows import (
    blank_application,
    delete_application,
    insert_application,
    insert_feedback,
    prune_feedback,
    restamp_application,
)
from perf_pipeline_tests.sirius import TODAY

DAYS = DayRange(date(2026, 5, 1), TODAY - ONE_DAY)
"""Longer than a type takes to settle."""
LAST = DAYS.last
OLD = LAST - timedelta(days=40)
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
NEXT_NIGHT = NIGHT + ONE_DAY
CREATED, TYPELESS = 1, 2
"""Ids of the applications that are held: started and created on OLD; started on OLD, of an unknown type."""


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def changed_by(warehouse: Engine, source: str, merge: Callable[[], Merged]) -> set[date]:
    """The days that a merge gives as changed, which are those whose revision it counts up."""
    before = extracting.revisions(warehouse, source)
    given = merge().changed
    after = extracting.revisions(warehouse, source)
    assert given == {day for day in after if after[day] != before.get(day)}
    return set(given)


def mend_rating(cursor: Cursor) -> None:
    cursor.execute("UPDATE feedback SET message = jsonb_set(message, '{rating}', '\"satisfied\"')")


@pytest.mark.parametrize(
    ("change", "days"),
    [
        pytest.param(lambda _: None, set(), id="nothing"),
        pytest.param(lambda c: insert_feedback(c, noon(OLD), "satisfied"), {OLD}, id="a late rating"),
        pytest.param(
            lambda c: insert_feedback(c, datetime(2026, 9, 7, 23, 30, tzinfo=UTC), "satisfied"),
            {date(2026, 9, 8)},
            id="a rating just after midnight in London",
        ),
        pytest.param(lambda c: insert_feedback(c, noon(OLD), "delighted"), {OLD}, id="an unusable rating"),
        pytest.param(mend_rating, {LAST}, id="a rating that was mended"),
        pytest.param(lambda c: prune_feedback(c, noon(TODAY)), set(), id="ratings that the service has pruned"),
    ],
)
def test_ratings_of_the_service(lpa: LpaDatabase, change: Callable[[Cursor], object], days: set[date]) -> None:
    for rating in ("satisfied", "satisfied", "delighted"):
        insert_feedback(lpa.cursor, noon(LAST), rating)
    extracting.in_service(lpa.warehouse, lpa.url, DAYS, NIGHT)
    change(lpa.cursor)
    read_again = partial(extracting.in_service, lpa.warehouse, lpa.url, DAYS, NEXT_NIGHT)
    assert changed_by(lpa.warehouse, "in-service", read_again) == days


def switch_type(cursor: Cursor, application: int, lpa_type: str | None) -> None:
    cursor.execute(
        "UPDATE applications SET document = jsonb_build_object('type', %s::text) WHERE id = %s", (lpa_type, application)
    )


@pytest.mark.parametrize(
    ("change", "days"),
    [
        pytest.param(lambda _: None, set(), id="nothing"),
        pytest.param(
            lambda c: restamp_application(c, TYPELESS, created_at=noon(OLD + ONE_DAY)),
            {OLD + ONE_DAY},
            id="a state reached for the first time",
        ),
        pytest.param(
            lambda c: insert_application(c, started_at=noon(DAYS.first), created_at=noon(OLD), completed_at=noon(LAST)),
            {DAYS.first, OLD, LAST},
            id="a new application, on the days of all its states",
        ),
        pytest.param(
            lambda c: insert_application(c, started_at=noon(DAYS.first - ONE_DAY), created_at=noon(LAST)),
            {LAST},
            id="a start on a day that was never delivered",
        ),
        pytest.param(
            lambda c: restamp_application(c, CREATED, created_at=noon(OLD - ONE_DAY)),
            {OLD - ONE_DAY, OLD},
            id="an earlier stamp, on its day and on the one that it leaves",
        ),
        pytest.param(
            lambda c: restamp_application(c, CREATED, created_at=noon(OLD) - timedelta(hours=1)),
            set(),
            id="an earlier stamp of the same day",
        ),
        pytest.param(lambda c: restamp_application(c, CREATED, created_at=noon(LAST)), set(), id="a later stamp"),
        pytest.param(lambda c: restamp_application(c, CREATED), set(), id="stamps that were reset"),
        pytest.param(lambda c: blank_application(c, CREATED), set(), id="an application that was blanked"),
        pytest.param(lambda c: delete_application(c, CREATED), set(), id="an application that vanished"),
        pytest.param(lambda c: switch_type(c, TYPELESS, "health-and-welfare"), {OLD}, id="a type that became known"),
        pytest.param(lambda c: switch_type(c, CREATED, None), set(), id="a type that is not known any more"),
    ],
)
def test_applications(lpa: LpaDatabase, change: Callable[[Cursor], object], days: set[date]) -> None:
    insert_application(lpa.cursor, started_at=noon(OLD), created_at=noon(OLD), id=CREATED)
    insert_application(lpa.cursor, started_at=noon(OLD), lpa_type=None, id=TYPELESS)
    extracting.applications(lpa.warehouse, lpa.url, DAYS, NIGHT)
    change(lpa.cursor)
    read_again = partial(extracting.applications, lpa.warehouse, lpa.url, DAYS, NEXT_NIGHT)
    assert changed_by(lpa.warehouse, "applications", read_again) == days


def test_an_application_changes_days_outside_the_reading_too(lpa: LpaDatabase) -> None:
    extracting.applications(lpa.warehouse, lpa.url, DAYS, NIGHT)
    insert_application(lpa.cursor, started_at=noon(OLD), created_at=noon(LAST))
    read_last = partial(extracting.applications, lpa.warehouse, lpa.url, DayRange(LAST, LAST), NEXT_NIGHT)
    assert changed_by(lpa.warehouse, "applications", read_last) == {OLD, LAST}
    assert extracting.ledger(lpa.warehouse, "applications")[OLD].change == "new rows"


@pytest.mark.parametrize(("age_days", "is_change"), [(89, True), (90, False)])
def test_another_type_changes_the_day_of_the_start_until_its_cohort_has_closed(
    lpa: LpaDatabase, age_days: int, is_change: bool
) -> None:
    day = LAST - timedelta(days=age_days)
    made = insert_application(lpa.cursor, started_at=noon(day), created_at=noon(day))
    extracting.applications(lpa.warehouse, lpa.url, DAYS, NIGHT)
    switch_type(lpa.cursor, made, "health-and-welfare")
    read_again = partial(extracting.applications, lpa.warehouse, lpa.url, DAYS, NEXT_NIGHT)
    assert changed_by(lpa.warehouse, "applications", read_again) == ({day} if is_change else set())


def settle_old(answer: dict[str, Any]) -> None:
    for row in answer["data"]:
        row["status"] = "final" if row["period"] == str(OLD) else row["status"]


@pytest.mark.parametrize(
    ("answers", "days"),
    [
        pytest.param({}, set(), id="the same counts"),
        pytest.param(
            {"revisions": (Revision(OLD, "hw", ChannelCounts(1, 2, 3, 4, 5, 6), noon(DAYS.first)),)},
            {OLD},
            id="other counts",
        ),
        pytest.param({"edit_answer": settle_old}, {OLD}, id="counts that are final now"),
        pytest.param({"missing_days": frozenset({OLD})}, set(), id="a day that is missing now"),
        pytest.param({"wrong_total_days": frozenset({OLD})}, set(), id="a day that can't be used now"),
    ],
)
def test_channel_counts(sirius: Sirius, answers: dict[str, object], days: set[date]) -> None:
    sirius.read(DAYS, NIGHT)
    sirius.answer(**answers)
    assert changed_by(sirius.warehouse, "sirius", partial(sirius.read, DAYS, NEXT_NIGHT)) == days
    changes = {extracting.ledger(sirius.warehouse, "sirius")[day].change for day in days}
    assert changes <= {"revised"}


def test_a_day_that_sirius_delivers_late_has_changed(sirius: Sirius) -> None:
    sirius.behaviour.missing_days = frozenset({OLD})
    sirius.read(DAYS, NIGHT)
    sirius.behaviour.missing_days = frozenset()
    assert changed_by(sirius.warehouse, "sirius", partial(sirius.read, DAYS, NEXT_NIGHT)) == {OLD}
    assert extracting.ledger(sirius.warehouse, "sirius")[OLD].change == "delivered"
