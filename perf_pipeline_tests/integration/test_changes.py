"""What counts as a change of a source, and on which days: each source compared with what was extracted of it before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.demo.channel_model import ChannelCounts
from perf_pipeline.demo.lpa_traps import (
    blank_application,
    delete_application,
    insert_application,
    insert_feedback,
    prune_feedback,
    restamp_application,
)
from perf_pipeline.demo.sirius_behaviour import ErrorAnswer, Revision, SiriusBehaviour
from perf_pipeline.extracted.changes import Comparison, compare_with_sources
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting
from perf_pipeline_tests.sirius import TODAY

DAYS = DayRange(date(2026, 5, 1), TODAY - ONE_DAY)
"""Longer than a type takes to settle."""
LAST = DAYS.last
OLD = LAST - timedelta(days=40)
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
NEXT_NIGHT = NIGHT + ONE_DAY
KEY = b"a key for tests"
ALWAYS = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def world(systems: Systems) -> Systems:
    """The test's systems on the night after they were extracted."""
    return replace(systems, hash_key=KEY, clock=lambda: NEXT_NIGHT)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def changed(systems: Systems, *planned: date) -> dict[date, str]:
    """By day, the sources that have changed it."""
    comparison = compare_with_sources(systems, DAYS, planned)
    assert comparison.not_compared == ()
    return {day: " ".join(sorted(names)) for day, names in comparison.changed.items()}


# The service's own ratings


@pytest.fixture
def rate(world: Systems, cursor: Cursor, lpa_database_url: str) -> Callable[..., None]:
    """Receive ratings, and extract them unless told otherwise."""

    def receive(*ratings: tuple[datetime, str | None], extract: bool = True) -> None:
        for received, rating in ratings:
            insert_feedback(cursor, received, rating, details="words")
        if extract:
            extracting.in_service(world.warehouse, lpa_database_url, DAYS, NIGHT)

    return receive


def test_what_was_extracted_is_no_change(world: Systems, rate: Callable[..., None]) -> None:
    rate((noon(LAST), "satisfied"), (noon(LAST), "satisfied"), (noon(LAST), "delighted"))
    assert changed(world) == {}


def test_a_late_rating_changes_its_day(world: Systems, rate: Callable[..., None]) -> None:
    rate((noon(LAST), "satisfied"))
    rate((noon(LAST - timedelta(days=3)), "satisfied"), extract=False)
    assert changed(world) == {LAST - timedelta(days=3): "in-service"}


def test_a_rating_just_after_midnight_in_london_changes_the_day_that_has_begun(
    world: Systems, rate: Callable[..., None]
) -> None:
    rate()
    rate((datetime(2026, 9, 7, 23, 30, tzinfo=UTC), "satisfied"), extract=False)
    assert changed(world) == {date(2026, 9, 8): "in-service"}


@pytest.mark.parametrize(("age_days", "is_change"), [(6, True), (7, False)])
def test_ratings_are_compared_for_a_week(
    world: Systems, rate: Callable[..., None], age_days: int, is_change: bool
) -> None:
    rate()
    rate((noon(LAST - timedelta(days=age_days)), "satisfied"), extract=False)
    assert bool(changed(world)) == is_change


def test_a_new_rating_that_can_not_be_used_is_a_change(world: Systems, rate: Callable[..., None]) -> None:
    rate()
    rate((noon(LAST), "delighted"), extract=False)
    assert changed(world) == {LAST: "in-service"}


def test_a_rating_that_was_mended_is_a_change(world: Systems, rate: Callable[..., None], cursor: Cursor) -> None:
    rate((noon(LAST), "delighted"))
    cursor.execute("UPDATE feedback SET message = jsonb_set(message, '{rating}', '\"satisfied\"')")
    assert changed(world) == {LAST: "in-service"}


def test_ratings_that_the_service_has_pruned_are_no_change(
    world: Systems, rate: Callable[..., None], cursor: Cursor
) -> None:
    rate((noon(LAST), "satisfied"), (noon(LAST), "delighted"))
    prune_feedback(cursor, noon(TODAY))
    assert changed(world) == {}


# Applications


@pytest.fixture
def extract_applications(world: Systems, lpa_database_url: str) -> Callable[[], None]:
    return lambda: extracting.applications(world.warehouse, lpa_database_url, DAYS, NIGHT, KEY)


def test_a_state_that_is_reached_for_the_first_time_changes_its_day(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = insert_application(cursor, started_at=noon(OLD))
    extract_applications()
    restamp_application(cursor, made, created_at=noon(OLD + ONE_DAY))
    assert changed(world) == {OLD + ONE_DAY: "applications"}


def test_a_new_application_changes_every_day_of_its_states(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    extract_applications()
    before_the_window = LAST - timedelta(days=101)
    insert_application(cursor, started_at=noon(before_the_window), created_at=noon(OLD), completed_at=noon(LAST))
    assert before_the_window in DAYS
    assert set(changed(world)) == {before_the_window, OLD, LAST}


def test_days_before_the_first_reporting_day_are_nobodys(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    extract_applications()
    insert_application(cursor, started_at=noon(DAYS.first - ONE_DAY), created_at=noon(LAST))
    assert set(changed(world)) == {LAST}


def test_an_earlier_stamp_changes_the_day_it_moves_to_and_the_one_it_leaves(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = insert_application(cursor, started_at=noon(OLD), created_at=noon(OLD))
    extract_applications()
    restamp_application(cursor, made, created_at=noon(OLD - ONE_DAY))
    assert set(changed(world)) == {OLD - ONE_DAY, OLD}


def test_an_earlier_stamp_of_the_same_day_changes_no_count(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = insert_application(cursor, started_at=noon(OLD), created_at=noon(OLD))
    extract_applications()
    restamp_application(cursor, made, created_at=noon(OLD) - timedelta(hours=1))
    assert changed(world) == {}


def test_restamped_blanked_and_vanished_applications_change_nothing(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = [insert_application(cursor, started_at=noon(OLD), created_at=noon(OLD)) for _ in range(4)]
    extract_applications()
    restamp_application(cursor, made[0], created_at=noon(LAST), completed_at=None)
    restamp_application(cursor, made[1])
    blank_application(cursor, made[2])
    delete_application(cursor, made[3])
    assert changed(world) == {}


def switch_type(cursor: Cursor, application: int, lpa_type: str | None) -> None:
    cursor.execute(
        "UPDATE applications SET document = jsonb_build_object('type', %s::text) WHERE id = %s", (lpa_type, application)
    )


@pytest.mark.parametrize(("age_days", "is_change"), [(89, True), (90, False)])
def test_another_type_changes_the_day_of_the_start_until_its_cohort_has_closed(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None], age_days: int, is_change: bool
) -> None:
    day = LAST - timedelta(days=age_days)
    made = insert_application(cursor, started_at=noon(day), created_at=noon(day))
    extract_applications()
    switch_type(cursor, made, "health-and-welfare")
    # The next night reads one day more.
    assert changed(world) == ({day: "applications"} if is_change else {})


def test_a_type_that_is_known_no_more_is_no_change(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = insert_application(cursor, started_at=noon(OLD))
    extract_applications()
    switch_type(cursor, made, None)
    assert changed(world) == {}


def test_a_type_that_a_planned_day_brings_along_needs_no_day_of_its_own(
    world: Systems, cursor: Cursor, extract_applications: Callable[[], None]
) -> None:
    made = insert_application(cursor, started_at=noon(OLD), created_at=noon(OLD))
    extract_applications()
    switch_type(cursor, made, "health-and-welfare")
    restamp_application(cursor, made, created_at=noon(LAST))
    assert changed(world, LAST) == {}
    assert changed(world) == {OLD: "applications"}


# Sirius


@pytest.fixture
def sirius(world: Systems, sirius_url: str) -> Systems:
    """The same with Sirius, whose counts of all days were extracted."""
    extracting.channel_counts(world.warehouse, sirius_url, DAYS, NIGHT)
    client = SiriusClient(sirius_url, bounds=RetryBounds(tries_count=2, first_wait_seconds=0.01))
    return replace(world, sirius=client)


def test_counts_that_sirius_repeats_are_no_change(sirius: Systems) -> None:
    assert changed(sirius) == {}


def test_a_revision_of_sirius_changes_its_day(sirius: Systems, behaviour: SiriusBehaviour) -> None:
    behaviour.revisions = (Revision(OLD, "hw", ChannelCounts(1, 2, 3, 4, 5, 6), ALWAYS),)
    assert changed(sirius) == {OLD: "sirius"}


def test_counts_that_sirius_calls_final_now_are_a_change(sirius: Systems, behaviour: SiriusBehaviour) -> None:
    def settle_one(answer: dict[str, list[dict[str, object]]]) -> None:
        for row in answer["data"]:
            row["status"] = "final" if row["period"] == str(OLD) else row["status"]

    behaviour.edit_answer = settle_one
    assert changed(sirius) == {OLD: "sirius"}


def test_rows_that_sirius_lacks_now_or_that_can_not_be_used_are_no_change(
    sirius: Systems, behaviour: SiriusBehaviour
) -> None:
    behaviour.missing_days, behaviour.wrong_total_days = frozenset({OLD}), frozenset({OLD - ONE_DAY})
    assert changed(sirius) == {}


def test_a_source_that_is_down_is_named_and_the_others_are_compared(
    sirius: Systems, behaviour: SiriusBehaviour, rate: Callable[..., None]
) -> None:
    rate()
    rate((noon(LAST), "satisfied"), extract=False)
    behaviour.play(ErrorAnswer(404, "NOTFOUND"), times=2)
    comparison = compare_with_sources(sirius, DAYS, ())
    (unread,) = comparison.not_compared
    assert str(unread).startswith("make-a-lpa, sirius: Sirius at http://127.0.0.1:")
    assert set(comparison.changed) == {LAST}


def test_sources_are_left_in_peace_where_every_day_is_built_anyway(sirius: Systems, behaviour: SiriusBehaviour) -> None:
    before = len(behaviour.received)
    assert compare_with_sources(sirius, DAYS, set(DAYS)) == Comparison()
    assert len(behaviour.received) == before
