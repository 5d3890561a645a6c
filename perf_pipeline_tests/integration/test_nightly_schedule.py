"""The schedule asks for exactly the days that need a run, in as few runs as there are gaps between them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.windows import TRAILING_DAYS
from perf_pipeline.errors import WarehouseError
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery, record_no_delivery
from perf_pipeline.orchestration.jobs import ASKED_TOGETHER, range_tags
from perf_pipeline.orchestration.planning import sources_of
from perf_pipeline.orchestration.schedules import nightly
from perf_pipeline.warehouse.engine import transaction

DAYS = DayRange(date(2026, 5, 1), date(2026, 6, 14))
TRAILING = DayRange(DAYS.last - timedelta(days=TRAILING_DAYS - 1), DAYS.last)
TICK = datetime(2026, 6, 15, 1, 30, tzinfo=UTC)


@pytest.fixture
def configured(warehouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The test's warehouse as the one that PERF_* variables name, the first reporting day with it; no source."""
    monkeypatch.setenv("PERF_DATABASE_URL", warehouse.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PERF_FIRST_DAY", str(DAYS.first))
    for name in ("PERF_LPA_DATABASE_URL", "PERF_SIRIUS_URL", "PERF_FEEDBACK_EXPORTS_DIR", "PERF_SERVICES_FILE"):
        monkeypatch.delenv(name, raising=False)
    return warehouse


def deliver(warehouse: Engine, days: DayRange, outcome: str = "delivered", *, is_released: bool = True) -> None:
    """Note that every source was asked for the days, and that a release came of it."""
    with transaction(warehouse) as connection:
        for service, source in sources_of(load_services()):
            attempt = Attempt(service, source, days, TICK, "a run")
            if outcome == "delivered":
                record_delivery(connection, attempt, {day: DayCounts() for day in days})
            else:
                record_no_delivery(connection, attempt, outcome, "it was down" if outcome == "failed" else None)
        if is_released:
            connection.execute(
                text(
                    "UPDATE perf.source_deliveries SET released_at = now() WHERE report_date BETWEEN :first AND :last"
                ),
                {"first": days.first, "last": days.last},
            )


def requested(at: datetime = TICK) -> list[dict[str, str]]:
    """The tags of the runs that the schedule asks for."""
    tick = nightly(dg.build_schedule_context(scheduled_execution_time=at))
    assert isinstance(tick, Iterator)
    asked = [dict(request.tags) for request in tick if isinstance(request, dg.RunRequest)]
    assert {tags.pop(ASKED_TOGETHER) for tags in asked} <= {f"night {at.astimezone(UTC).isoformat()}"}
    return asked


def test_it_runs_at_half_past_two_in_london_unless_it_is_stopped() -> None:
    assert (nightly.cron_schedule, nightly.execution_timezone) == ("30 2 * * *", "Europe/London")
    assert nightly.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.usefixtures("configured")
def test_with_nothing_built_one_run_takes_every_day_up_to_yesterday() -> None:
    assert requested() == [range_tags(DAYS)]


def test_days_that_are_built_and_final_are_left_alone_but_the_last_ones(configured: Engine) -> None:
    deliver(configured, DAYS)
    assert requested() == [range_tags(TRAILING)]


def test_each_gap_is_a_run_of_its_own(configured: Engine) -> None:
    gap = DayRange(date(2026, 5, 10), date(2026, 5, 12))
    deliver(configured, DayRange(DAYS.first, date(2026, 5, 9)))
    deliver(configured, DayRange(date(2026, 5, 13), DAYS.last))
    assert requested() == [range_tags(gap), range_tags(TRAILING)]


def test_a_day_that_a_source_failed_on_is_asked_for_again(configured: Engine) -> None:
    day = DayRange(date(2026, 5, 10), date(2026, 5, 10))
    deliver(configured, DAYS)
    deliver(configured, day, "failed")
    assert requested() == [range_tags(day), range_tags(TRAILING)]


def test_a_day_that_a_source_has_not_delivered_yet_is_asked_for_again(configured: Engine) -> None:
    waiting = DayRange(date(2026, 5, 10), date(2026, 5, 31))
    deliver(configured, waiting, "waiting")
    deliver(configured, DayRange(DAYS.first, date(2026, 5, 9)))
    deliver(configured, DayRange(date(2026, 6, 1), DAYS.last))
    assert requested() == [range_tags(waiting), range_tags(TRAILING)]


def test_a_day_whose_run_broke_off_before_the_release_is_asked_for_again(configured: Engine) -> None:
    broken_off = DayRange(date(2026, 5, 10), date(2026, 5, 20))
    deliver(configured, DAYS)
    deliver(configured, broken_off, is_released=False)
    assert requested() == [range_tags(broken_off), range_tags(TRAILING)]


def test_days_without_a_source_are_left_alone_while_it_is_unset(configured: Engine) -> None:
    deliver(configured, DAYS, "unset")
    assert requested() == [range_tags(TRAILING)]


def test_days_that_were_built_without_a_source_are_asked_for_once_it_is_set(
    configured: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(configured, DAYS, "unset")
    monkeypatch.setenv("PERF_SIRIUS_URL", "https://sirius.example")
    assert requested() == [range_tags(DAYS)]


def test_nights_that_were_missed_are_made_up_for(configured: Engine) -> None:
    deliver(configured, DAYS)
    (tags,) = requested(TICK + timedelta(days=30))
    assert tags == range_tags(DayRange(date(2026, 6, 15), DAYS.last + timedelta(days=30)))


@pytest.mark.usefixtures("configured")
def test_an_hour_before_midnight_in_london_the_running_day_is_not_asked_for() -> None:
    assert requested(datetime(2026, 6, 14, 22, tzinfo=UTC)) == [range_tags(DayRange(DAYS.first, date(2026, 6, 13)))]


@pytest.mark.usefixtures("configured")
def test_at_midnight_in_london_the_day_that_has_just_ended_is_asked_for() -> None:
    assert requested(datetime(2026, 6, 14, 23, tzinfo=UTC)) == [range_tags(DAYS)]


def test_a_warehouse_without_our_tables_is_said_to_need_the_migration(configured: Engine) -> None:
    with transaction(configured) as connection:
        connection.execute(text("DROP SCHEMA perf CASCADE"))
    with pytest.raises(WarehouseError, match="run perf-pipeline migrate"):
        requested()
