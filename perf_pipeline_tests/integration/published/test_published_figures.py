"""What is published of the daily figures, with which markers, and what becomes of it when it changes."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text, update

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.flow.flow_asset import FlowAsset
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.extracting import wait_for
from perf_pipeline_tests.ledgers import Ledgers
from perf_pipeline_tests.published_days import (
    APRIL,
    MARCH,
    MAY,
    SATISFACTION,
    TAKE_UP,
    in_force,
    months_of,
    publish,
    put_channels,
    put_ratings,
    without_source,
)

FIRST_OF_MAY = DayRange(MAY.first, MAY.first)
OURS = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"


def with_make_an_lpa(systems: Systems, **changes: object) -> Systems:
    """The systems with one service alone, Make an LPA, some entries of which are others."""
    entries = systems.services["make-a-lpa"].model_dump(by_alias=True) | changes
    return replace(systems, services=Services((Service.model_validate(entries),)))


@pytest.fixture
def since_april(publishing: Systems) -> Systems:
    """The systems of an installation whose first reporting day is in April: nothing before it is published."""
    return replace(publishing, first_day=APRIL.first)


def test_a_break_stands_on_the_first_day_and_month_of_a_new_method_alone(publishing: Systems) -> None:
    days = DayRange(MARCH.first, MAY.last)
    put_ratings(publishing, days)
    publish(publishing, SATISFACTION, days)
    markers = in_force(publishing, "user_satisfaction", "markers")
    assert {key for key, cell in markers.items() if cell} == {("2026-04-01", "day"), ("2026-04-01", "month")}
    assert markers["2026-04-01", "month"] == "[b]"
    methods = months_of(in_force(publishing, "user_satisfaction", "headline_method"))
    assert list(methods.values()) == ["weighted_mean", "top_two_box", "top_two_box"]


def test_a_break_stands_where_the_headline_source_changes(publishing: Systems) -> None:
    eras = [{"from": "2021-03-01", "source": "done-page"}, {"from": "2026-05-01", "source": "in-service"}]
    put_ratings(publishing, MAY)
    publish(with_make_an_lpa(publishing, headline_sources=eras), SATISFACTION, MAY)
    markers = in_force(publishing, "user_satisfaction", "markers")
    assert {key for key, cell in markers.items() if cell == "[b]"} == {("2026-05-01", "day"), ("2026-05-01", "month")}


@pytest.mark.parametrize(
    ("assets", "put_days", "indicator"),
    [(SATISFACTION, put_ratings, "user_satisfaction"), (TAKE_UP, put_channels, "digital_take_up")],
)
def test_a_month_without_one_of_its_days_is_the_sum_of_its_good_days_marked_e_and_p(
    publishing: Systems, assets: list[FlowAsset], put_days: Callable[..., None], indicator: str
) -> None:
    put_days(publishing, [day for day in MAY if day.day != 17])
    publish(publishing, assets, MAY)
    month = ("2026-05-01", "month")
    assert in_force(publishing, indicator, "markers")[month] == "[e][p]"
    assert in_force(publishing, indicator, "days_included_count")[month] == 30
    assert in_force(publishing, indicator, "days_expected_count")[month] == 31
    assert ("2026-05-17", "day") not in in_force(publishing, indicator, "markers")


def test_the_missing_day_makes_the_month_whole_once_it_arrives_and_the_month_is_revised(publishing: Systems) -> None:
    put_ratings(publishing, [day for day in MAY if day.day != 17])
    publish(publishing, SATISFACTION, MAY)
    put_ratings(publishing, [date(2026, 5, 17)])
    publish(publishing, SATISFACTION, DayRange(date(2026, 5, 17), date(2026, 5, 17)))
    assert months_of(in_force(publishing, "user_satisfaction", "markers")) == {"2026-05-01": "[r]"}
    assert months_of(in_force(publishing, "user_satisfaction", "responses_count")) == {"2026-05-01": 310}


@pytest.mark.parametrize(
    ("flags", "marked"),
    [
        ({"is_provisional": True}, "[p]"),
        ({"is_estimated": True}, "[e]"),
        ({"is_provisional": True, "is_estimated": True}, "[e][p]"),
    ],
)
def test_a_month_is_marked_as_its_days_are(publishing: Systems, flags: dict[str, bool], marked: str) -> None:
    put_ratings(publishing, DayRange(MAY.first, date(2026, 5, 30)))
    put_ratings(publishing, [MAY.last], **flags)
    publish(publishing, SATISFACTION, MAY)
    markers = in_force(publishing, "user_satisfaction", "markers")
    assert (markers["2026-05-31", "day"], markers["2026-05-30", "day"]) == (marked, "")
    assert markers["2026-05-01", "month"] == marked


def test_a_month_enters_once_it_has_ended(publishing: Systems) -> None:
    put_ratings(publishing, MAY)
    for now, months in [
        (datetime(2026, 5, 31, 22, 59, tzinfo=UTC), {}),
        (datetime(2026, 5, 31, 23, 0, tzinfo=UTC), {"2026-05-01": ""}),
    ]:
        publish(replace(publishing, clock=lambda now=now: now), SATISFACTION, MAY)  # type: ignore[misc]
        assert months_of(in_force(publishing, "user_satisfaction", "markers")) == months


# Figures that nobody can know.


def test_days_and_whole_months_of_a_source_that_is_not_set_are_marked_x_without_a_figure(since_april: Systems) -> None:
    days = DayRange(APRIL.first, date(2026, 5, 15))
    unset = without_source(since_april, "sirius")
    publish(unset, TAKE_UP, days)
    markers = in_force(unset, "digital_take_up", "markers")
    assert set(markers.values()) == {"[x]"}
    assert len(markers) == len(days) + 2
    assert list(months_of(markers)) == ["2026-04-01", "2026-05-01"]
    for column in ("total_count", "digital_take_up_percent", "days_included_count"):
        assert set(in_force(unset, "digital_take_up", column).values()) == {None}
    assert set(in_force(unset, "digital_take_up", "lpa_type").values()) == {"all"}


def test_a_source_of_ratings_that_is_not_set_is_marked_x_under_its_own_name(publishing: Systems) -> None:
    put_ratings(publishing, APRIL)
    publish(without_source(publishing, "in-service"), SATISFACTION, APRIL)
    query = text("SELECT source, markers, responses_count FROM perf.published_user_satisfaction WHERE period = 'month'")
    with transaction(publishing.warehouse) as connection:
        rows = {row.source: (row.markers, row.responses_count) for row in connection.execute(query)}
    assert rows == {"done-page": ("[b]", 300), "in-service": ("[x]", None)}


@pytest.mark.parametrize("on_service", [True, False])
def test_what_lies_before_the_first_day_of_a_service_or_its_source_is_marked_x(
    since_april: Systems, on_service: bool
) -> None:
    first_day = {"first_day": date(2026, 5, 10)}
    sources = {**since_april.services["make-a-lpa"].model_dump(by_alias=True)["sources"], "sirius": first_day}
    begun = with_make_an_lpa(since_april, **(first_day if on_service else {"sources": sources}))
    days = DayRange(date(2026, 5, 10), MAY.last)
    put_channels(begun, days)
    publish(begun, TAKE_UP, DayRange(APRIL.first, MAY.last))
    markers = in_force(begun, "digital_take_up", "markers")
    assert {start for (start, period), cell in markers.items() if (period, cell) == ("day", "[x]")} == {
        str(day) for day in DayRange(APRIL.first, date(2026, 5, 9))
    }
    assert months_of(markers) == {"2026-04-01": "[x]", "2026-05-01": "[e][p]"}


def test_what_a_source_delivered_before_it_was_taken_away_stays_known(since_april: Systems) -> None:
    known = DayRange(APRIL.first, date(2026, 4, 20))
    Ledgers(since_april).deliver("make-a-lpa", "sirius", known)
    put_channels(since_april, known)
    publish(without_source(since_april, "sirius"), TAKE_UP, APRIL)
    markers = in_force(since_april, "digital_take_up", "markers")
    assert [markers[str(day), "day"] for day in APRIL] == [""] * 20 + ["[x]"] * 10
    assert months_of(markers)["2026-04-01"] == "[e][p]"


def test_figures_that_arrive_later_take_the_place_of_x(since_april: Systems) -> None:
    publish(without_source(since_april, "sirius"), TAKE_UP, APRIL)
    Ledgers(since_april).deliver("make-a-lpa", "sirius", APRIL)
    put_channels(since_april, APRIL)
    publish(since_april, TAKE_UP, APRIL)
    markers = in_force(since_april, "digital_take_up", "markers")
    assert {cell for (start, _), cell in markers.items() if start.startswith("2026-04")} == {""}
    assert in_force(since_april, "digital_take_up", "total_count")["2026-04-01", "month"] == 180


# Versions.


def versions(systems: Systems) -> list[tuple[int, bool]]:
    query = text(
        "SELECT responses_count, superseded_at IS NULL FROM perf.published_user_satisfaction"
        " WHERE period = 'day' ORDER BY published_at"
    )
    with transaction(systems.warehouse) as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]


def change_ratings(systems: Systems, responses: int) -> None:
    with transaction(systems.warehouse) as connection:
        connection.execute(update(TABLES["daily_user_satisfaction"]).values(responses_count=responses))


def test_a_figure_that_changed_gets_a_version_and_one_that_did_not_gets_none(publishing: Systems) -> None:
    put_ratings(publishing, FIRST_OF_MAY)
    for responses, expected in [(10, [(10, True)]), (10, [(10, True)]), (11, [(10, False), (11, True)])]:
        change_ratings(publishing, responses)
        publish(publishing, SATISFACTION, FIRST_OF_MAY)
        assert versions(publishing) == expected


def test_a_day_that_is_not_built_any_more_keeps_its_last_good_figures(publishing: Systems) -> None:
    put_ratings(publishing, FIRST_OF_MAY)
    publish(publishing, SATISFACTION, FIRST_OF_MAY)
    with transaction(publishing.warehouse) as connection:
        connection.execute(text("DELETE FROM perf.daily_user_satisfaction"))
    publish(publishing, SATISFACTION, FIRST_OF_MAY)
    assert versions(publishing) == [(10, True)]


def test_a_run_that_waited_for_another_publishes_what_that_one_left(publishing: Systems) -> None:
    put_ratings(publishing, FIRST_OF_MAY)
    waiting = threading.Thread(target=publish, args=(publishing, SATISFACTION[1:], FIRST_OF_MAY))
    with transaction(publishing.warehouse) as connection:
        lock_for_writing(connection, "published_user_satisfaction")
        waiting.start()
        wait_for(publishing.warehouse, f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {OURS}")
        change_ratings(publishing, 12)
    waiting.join()
    assert versions(publishing) == [(12, True)]


def test_a_service_that_left_the_services_file_keeps_its_figures(publishing: Systems) -> None:
    put_ratings(publishing, MAY, service="use-an-lpa")
    publish(publishing, SATISFACTION, MAY)
    before = in_force(publishing, "user_satisfaction", "published_at")
    assert len(before) == 32
    publish(with_make_an_lpa(publishing), SATISFACTION, MAY)
    assert in_force(publishing, "user_satisfaction", "published_at") == before
