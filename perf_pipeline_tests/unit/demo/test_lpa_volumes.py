"""How much happens on a day in the stand-in Make an LPA database, and what its list of traps promises."""

from datetime import date, timedelta

from perf_pipeline.demo import lpa_traps
from perf_pipeline.demo.channel_model import online_applications
from perf_pipeline.demo.lpa_database import feedback_on, starts_on

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
    assert starts_on(date(2026, 1, 1), 0.0001) == lpa_traps.PLACES["planted"]
    assert feedback_on(date(2026, 1, 1), 0.0001) == lpa_traps.FEEDBACK_PLACES["planted"]


def test_the_list_of_traps_covers_the_ten_of_the_domain() -> None:
    assert {trap.number for trap in lpa_traps.TRAPS} == set(range(1, 11))


def test_every_trap_names_a_place_or_a_function() -> None:
    places = {*lpa_traps.PLACES, *lpa_traps.FEEDBACK_PLACES, "all"}
    assert [trap for trap in lpa_traps.TRAPS if trap.choice not in places and not hasattr(lpa_traps, trap.choice)] == []


def test_ids_of_different_days_and_places_differ() -> None:
    ids = [lpa_traps.planted_id(day, place) for day in DAYS for place in lpa_traps.PLACES]
    assert len(set(ids)) == len(ids)
    assert max(ids) > 2**32
