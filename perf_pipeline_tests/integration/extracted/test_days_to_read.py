"""Which days a night reads of a source: the newest ones, those never delivered, those that a failure owes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, start_of
from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.days_to_read import days_of_range, nightly_days
from perf_pipeline.extracted.readings import DayCounts, Delivery, record_delivery, record_failure, record_success
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import SERVICE
from perf_pipeline_tests.systems import systems_with

FIRST, YESTERDAY = date(2024, 5, 1), date(2026, 6, 14)
ALL = DayRange(FIRST, YESTERDAY)


def morning(last_day: date) -> datetime:
    """When the night reads up to `last_day`."""
    return start_of(last_day + ONE_DAY) + timedelta(hours=3)


@pytest.fixture
def systems(emptied_warehouse: Engine, tmp_path: Path) -> Systems:
    return systems_with(emptied_warehouse, tmp_path, first_day=FIRST, clock=lambda: morning(YESTERDAY))


def deliver(systems: Systems, source: str, days: Iterable[date]) -> None:
    """Let a source have delivered the days, and its last reading have asked for all of them."""
    delivered = list(days)
    asked = DayRange(min(delivered), max(delivered))
    reading = extracting.reading(systems.warehouse, source, "", asked, morning(asked.last))
    with transaction(systems.warehouse) as connection:
        record_delivery(connection, reading, Delivery(dict.fromkeys(delivered, DayCounts()), {}), is_stand_in=False)
        record_success(connection, reading, None)


def fail(systems: Systems, source: str, days: DayRange) -> None:
    reading = extracting.reading(systems.warehouse, source, "", days, morning(days.last))
    with transaction(systems.warehouse) as connection:
        record_failure(connection, reading, failure="It is down.")


def tonight(systems: Systems, source: str) -> list[DayRange]:
    with connected(systems.warehouse) as connection:
        return nightly_days(connection, systems, systems.services[SERVICE], SOURCES[source])


def last_days(count: int) -> DayRange:
    return DayRange(YESTERDAY - timedelta(days=count - 1), YESTERDAY)


@pytest.mark.parametrize("source", ["in-service", "applications", "sirius"])
def test_a_source_that_was_never_read_is_read_from_the_first_day_on(systems: Systems, source: str) -> None:
    assert tonight(systems, source) == [ALL]


@pytest.mark.parametrize(("source", "window_days"), [("in-service", 7), ("applications", 100), ("sirius", 400)])
def test_of_a_source_that_owes_nothing_the_window_is_read(systems: Systems, source: str, window_days: int) -> None:
    deliver(systems, source, ALL)
    assert tonight(systems, source) == [last_days(window_days)]


def test_days_that_were_never_delivered_are_read_along(systems: Systems) -> None:
    missing = date(2025, 3, 3)
    deliver(systems, "in-service", set(ALL) - {missing})
    assert tonight(systems, "in-service") == [DayRange(missing, missing), last_days(7)]


def test_scattered_days_are_joined_over_the_shortest_gaps_to_four_readings(systems: Systems) -> None:
    missing = [date(2025, month, day) for month, day in ((1, 1), (1, 3), (4, 10), (8, 1), (8, 9), (8, 30))]
    deliver(systems, "in-service", set(ALL) - {*missing})
    assert tonight(systems, "in-service") == [
        DayRange(missing[0], missing[1]),
        DayRange(missing[2], missing[2]),
        DayRange(missing[3], missing[5]),
        last_days(7),
    ]


def test_after_an_outage_longer_than_the_window_every_day_it_owes_is_read(systems: Systems) -> None:
    began = YESTERDAY - timedelta(days=30)
    deliver(systems, "in-service", DayRange(FIRST, began))
    first_owed = began - timedelta(days=6)
    for nights in range(1, 30):
        fail(systems, "in-service", DayRange(first_owed, began + timedelta(days=nights)))
    # What a person has read meanwhile were not all days that are owed.
    deliver(systems, "in-service", DayRange(began, YESTERDAY - ONE_DAY))
    assert tonight(systems, "in-service") == [DayRange(first_owed, YESTERDAY)]


def beginning(systems: Systems, *, service: date | None = None, source: date | None = None) -> Systems:
    """The systems when the service, or its source Sirius, begins on a day."""
    entry = systems.services[SERVICE]
    sources = entry.sources | {"sirius": entry.sources["sirius"].model_copy(update={"first_day": source})}
    begun = entry.model_copy(update={"first_day": service, "sources": sources})
    others = (other for other in load_services() if other.slug != SERVICE)
    return replace(systems, services=Services((begun, *others)))


@pytest.mark.parametrize(
    ("begins", "first"),
    [
        ({"service": date(2026, 3, 1)}, date(2026, 3, 1)),
        ({"source": date(2026, 4, 1)}, date(2026, 4, 1)),
        ({"service": date(2026, 3, 1), "source": date(2026, 4, 1)}, date(2026, 4, 1)),
        ({"service": date(2020, 1, 1)}, FIRST),
        ({"source": YESTERDAY + ONE_DAY}, None),
    ],
)
def test_no_day_before_the_service_and_its_source_began_is_read(
    systems: Systems, begins: dict[str, date], first: date | None
) -> None:
    begun = beginning(systems, **begins)
    expected = [DayRange(first, YESTERDAY)] if first else []
    assert tonight(begun, "sirius") == expected
    # Not even where an earlier failure owes such days, or a person asks for them.
    fail(begun, "sirius", ALL)
    assert tonight(begun, "sirius") == expected
    with connected(begun.warehouse) as connection:
        assert days_of_range(connection, begun, begun.services[SERVICE], SOURCES["sirius"], ALL) == expected


def freeze(systems: Systems, days: DayRange) -> None:
    extracting.execute(
        systems.warehouse,
        "INSERT INTO perf.frozen_feedback_counts SELECT :service, 'in-service', day, 0, 0, 0, 0, 0"
        " FROM generate_series(CAST(:first AS timestamp), :last, interval '1 day') AS day",
        service=SERVICE,
        first=days.first,
        last=days.last,
    )


def test_frozen_days_are_not_read_and_not_joined_over(systems: Systems) -> None:
    frozen = DayRange(date(2024, 6, 1), date(2024, 6, 2))
    freeze(systems, frozen)
    around = [DayRange(FIRST, frozen.first - ONE_DAY), DayRange(frozen.last + ONE_DAY, YESTERDAY)]
    assert tonight(systems, "in-service") == around
    with connected(systems.warehouse) as connection:
        service = systems.services[SERVICE]
        assert days_of_range(connection, systems, service, SOURCES["in-service"], ALL) == around
        assert days_of_range(connection, systems, service, SOURCES["in-service"], frozen) == []
    scattered = {FIRST + timedelta(days=offset) for offset in (0, 9, 20, 40, 60)}
    deliver(systems, "in-service", set(ALL) - scattered)
    readings = tonight(systems, "in-service")
    assert len(readings) == 4
    assert {day for days in readings for day in days} >= {*scattered, *last_days(7)}
    assert not {day for days in readings for day in days} & {*frozen}


def test_of_the_days_that_a_person_asks_for_those_that_have_ended_are_read(systems: Systems) -> None:
    asked = DayRange(YESTERDAY - ONE_DAY, YESTERDAY + 5 * ONE_DAY)
    with connected(systems.warehouse) as connection:
        found = days_of_range(connection, systems, systems.services[SERVICE], SOURCES["sirius"], asked)
    assert found == [DayRange(asked.first, YESTERDAY)]
