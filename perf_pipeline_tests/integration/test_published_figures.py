"""What is published of the daily figures, with which markers, and what becomes of it when it changes."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from sqlalchemy import Connection, text, update

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.published.user_satisfaction import published_user_satisfaction
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.published_days import (
    APRIL,
    MARCH,
    MAY,
    SATISFACTION,
    TAKE_UP,
    in_force,
    months_of,
    publish,
    put,
    put_channels,
    put_ratings,
)


def put_unset(systems: Systems, days: Iterable[date], source: str) -> None:
    """Days of the ledger on which the source's address was not set."""
    counts = dict.fromkeys([f"rows_{kind}_count" for kind in ("read", "kept", "quarantined", "duplicate")], 0)
    row = counts | {
        "service": "make-a-lpa",
        "source_name": source,
        "outcome": "unset",
        "attempted_at": systems.clock(),
        "is_short": False,
        "run_id": "a run",
    }
    put(systems, "source_deliveries", [row | {"report_date": day} for day in days])


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
    service = Service.model_validate(
        publishing.services["make-a-lpa"].model_dump(by_alias=True) | {"headline_sources": eras}
    )
    put_ratings(publishing, MAY)
    publish(replace(publishing, services=Services((service,))), SATISFACTION, MAY)
    markers = in_force(publishing, "user_satisfaction", "markers")
    assert {key for key, cell in markers.items() if cell == "[b]"} == {("2026-05-01", "day"), ("2026-05-01", "month")}


@pytest.mark.parametrize(
    ("assets", "put_days", "indicator"),
    [(SATISFACTION, put_ratings, "user_satisfaction"), (TAKE_UP, put_channels, "digital_take_up")],
)
def test_a_month_that_lacks_a_day_is_the_sum_of_its_good_days_marked_e_and_p(
    publishing: Systems, assets: list[dg.AssetsDefinition], put_days: Callable[..., None], indicator: str
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
    before = replace(publishing, clock=lambda: datetime(2026, 5, 31, 22, 59, tzinfo=UTC))
    publish(before, SATISFACTION, MAY)
    assert months_of(in_force(publishing, "user_satisfaction", "markers")) == {}
    after = replace(publishing, clock=lambda: datetime(2026, 5, 31, 23, 0, tzinfo=UTC))
    publish(after, SATISFACTION, MAY)
    assert months_of(in_force(publishing, "user_satisfaction", "markers")) == {"2026-05-01": ""}


def test_days_and_whole_months_of_a_source_that_nobody_set_are_marked_x_without_a_figure(publishing: Systems) -> None:
    days = DayRange(APRIL.first, date(2026, 5, 15))
    put_unset(publishing, days, "sirius")
    publish(publishing, TAKE_UP, days)
    markers = in_force(publishing, "digital_take_up", "markers")
    assert set(markers.values()) == {"[x]"}
    assert len(markers) == len(days) + 1
    assert list(months_of(markers)) == ["2026-04-01"]
    for column in ("total_count", "digital_take_up_percent", "days_included_count"):
        assert set(in_force(publishing, "digital_take_up", column).values()) == {None}
    assert set(in_force(publishing, "digital_take_up", "lpa_type").values()) == {"all"}


def test_a_source_of_ratings_that_nobody_set_is_marked_x_under_its_own_name(publishing: Systems) -> None:
    put_unset(publishing, APRIL, "in-service")
    put_ratings(publishing, APRIL)
    publish(publishing, SATISFACTION, APRIL)
    query = text("SELECT source, markers, responses_count FROM perf.published_user_satisfaction WHERE period = 'month'")
    with transaction(publishing.warehouse) as connection:
        rows = {row.source: (row.markers, row.responses_count) for row in connection.execute(query)}
    assert rows == {"done-page": ("[b]", 300), "in-service": ("[x]", None)}


def test_figures_that_arrive_later_take_the_place_of_x(publishing: Systems) -> None:
    put_unset(publishing, APRIL, "sirius")
    publish(publishing, TAKE_UP, APRIL)
    with transaction(publishing.warehouse) as connection:
        ledger = TABLES["source_deliveries"]
        connection.execute(update(ledger).values(outcome="delivered", delivered_at=publishing.clock()))
    put_channels(publishing, APRIL)
    publish(publishing, TAKE_UP, APRIL)
    assert set(in_force(publishing, "digital_take_up", "markers").values()) == {""}
    assert in_force(publishing, "digital_take_up", "total_count")["2026-04-01", "month"] == 180


def versions(systems: Systems) -> list[tuple[int, bool]]:
    query = text(
        "SELECT responses_count, superseded_at IS NULL FROM perf.published_user_satisfaction"
        " WHERE period = 'day' ORDER BY published_at"
    )
    with transaction(systems.warehouse) as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]


def test_a_figure_that_changed_gets_a_version_and_one_that_did_not_gets_none(publishing: Systems) -> None:
    day = DayRange(MAY.first, MAY.first)
    put_ratings(publishing, day)
    publish(publishing, SATISFACTION, day)
    publish(publishing, SATISFACTION, day)
    assert versions(publishing) == [(10, True)]
    change_ratings(publishing, 11)
    publish(publishing, SATISFACTION, day)
    assert versions(publishing) == [(10, False), (11, True)]


def change_ratings(systems: Systems, responses: int) -> None:
    with transaction(systems.warehouse) as connection:
        connection.execute(update(TABLES["daily_user_satisfaction"]).values(responses_count=responses))


def test_a_day_that_is_not_built_any_more_keeps_its_last_good_figures(publishing: Systems) -> None:
    day = DayRange(MAY.first, MAY.first)
    put_ratings(publishing, day)
    publish(publishing, SATISFACTION, day)
    with transaction(publishing.warehouse) as connection:
        connection.execute(text("DELETE FROM perf.daily_user_satisfaction"))
    publish(publishing, SATISFACTION, day)
    assert versions(publishing) == [(10, True)]


def test_a_run_that_waited_for_another_publishes_what_that_one_left(publishing: Systems) -> None:
    day = DayRange(MAY.first, MAY.first)
    put_ratings(publishing, day)
    waiting = threading.Thread(target=publish, args=(publishing, [published_user_satisfaction], day))
    with transaction(publishing.warehouse) as connection:
        lock_for_writing(connection, "published_user_satisfaction")
        waiting.start()
        wait_until_somebody_waits(connection)
        change_ratings(publishing, 12)
    waiting.join()
    assert versions(publishing) == [(12, True)]


def wait_until_somebody_waits(connection: Connection) -> None:
    query = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    latest = time.monotonic() + 20
    while not connection.execute(query).scalar_one():
        assert time.monotonic() < latest
        time.sleep(0.01)


def test_a_service_that_left_the_services_file_keeps_its_figures(publishing: Systems) -> None:
    put_ratings(publishing, MAY, service="use-an-lpa")
    without = replace(publishing, services=Services((publishing.services["make-a-lpa"],)))
    publish(without, SATISFACTION, MAY)
    assert months_of(in_force(publishing, "user_satisfaction", "responses_count")) == {"2026-05-01": 310}
