"""How much happens on a day in the stand-in Make an LPA database, and the ids of its applications."""

from datetime import date, timedelta

from perf_pipeline.demo.channel_model import online_applications
from perf_pipeline.demo.lpa_database import feedback_on, starts_on
from perf_pipeline.demo.lpa_traps import FEEDBACK_PLACES, PLACES
from perf_pipeline_tests.lpa_rows import planted_id

DAYS = [date(2025, 5, 1) + timedelta(days=number) for number in range(570)]


def test_more_is_started_than_is_completed_online() -> None:
    starts = sum(starts_on(day, 1.0) for day in DAYS)
    assert 1.35 < starts / sum(map(online_applications, DAYS)) < 1.5


def test_weekends_are_quieter_than_working_days() -> None:
    monday = date(2026, 2, 2)
    assert starts_on(monday, 1.0) > starts_on(monday + timedelta(days=5), 1.0)
    assert feedback_on(monday, 1.0) > feedback_on(monday + timedelta(days=5), 1.0)


def test_feedback_is_forty_to_sixty_rows_a_day() -> None:
    assert {feedback_on(day, 1.0) for day in DAYS} <= set(range(40, 61))


def test_the_smallest_share_still_holds_every_planted_row() -> None:
    assert starts_on(date(2026, 1, 1), 0.0001) == PLACES["planted"]
    assert feedback_on(date(2026, 1, 1), 0.0001) == FEEDBACK_PLACES["planted"]


def test_ids_of_different_days_and_places_differ() -> None:
    ids = [planted_id(day, place) for day in DAYS for place in PLACES]
    assert len(set(ids)) == len(ids)
    assert max(ids) > 2**32
