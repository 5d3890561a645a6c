"""The schedule asks for exactly the days that need a run, in as few runs as there are gaps between them."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, insert, text

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import STATE_FLAGS, TAKE_UP_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.windows import SIRIUS_REVISION_DAYS
from perf_pipeline.demo.lpa_traps import insert_feedback
from perf_pipeline.errors import WarehouseError
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery, record_no_delivery
from perf_pipeline.orchestration import resources
from perf_pipeline.orchestration.jobs import range_tags
from perf_pipeline.orchestration.planning import sources_of
from perf_pipeline.orchestration.schedules import nightly
from perf_pipeline.systems import silent
from perf_pipeline.warehouse.building import building
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES

DAYS = DayRange(date(2026, 5, 1), date(2026, 6, 14))
TICK = datetime(2026, 6, 15, 1, 30, tzinfo=UTC)


@pytest.fixture
def configured(warehouse: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    """The test's warehouse as the one that PERF_* variables name, the first reporting day with it; no source."""
    monkeypatch.setenv("PERF_DATABASE_URL", warehouse.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PERF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERF_FIRST_DAY", str(DAYS.first))
    for name in ("PERF_LPA_DATABASE_URL", "PERF_SIRIUS_URL", "PERF_FEEDBACK_EXPORTS_DIR", "PERF_SERVICES_FILE"):
        monkeypatch.delenv(name, raising=False)
    return warehouse


def deliver(
    warehouse: Engine, days: DayRange, outcome: str = "delivered", *, is_released: bool = True, at: datetime = TICK
) -> None:
    """Note that every source was asked for the days, and that a release came of it."""
    with transaction(warehouse) as connection:
        for service, source in sources_of(load_services()):
            attempt = Attempt(service, source, days, at, "a run")
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


def tick(at: datetime) -> list[dg.RunRequest | dg.SkipReason]:
    asked = nightly(dg.build_schedule_context(scheduled_execution_time=at))
    assert isinstance(asked, Iterator)
    return list(asked)


def requested(at: datetime = TICK) -> list[DayRange]:
    """The days of each run that the schedule asks for."""
    night, runs = f"night {at.isoformat()}", [run for run in tick(at) if isinstance(run, dg.RunRequest)]
    days = [
        DayRange(*(date.fromisoformat(run.tags[f"dagster/asset_partition_range_{end}"]) for end in ("start", "end")))
        for run in runs
    ]
    assert [dict(run.tags) for run in runs] == [range_tags(days_of_run, night) for days_of_run in days]
    return days


def reason_to_skip(at: datetime = TICK) -> str:
    (skipped,) = tick(at)
    assert isinstance(skipped, dg.SkipReason)
    return skipped.skip_message or ""


def test_it_runs_at_half_past_two_in_london_unless_it_is_stopped() -> None:
    assert (nightly.cron_schedule, nightly.execution_timezone) == ("30 2 * * *", "Europe/London")
    assert nightly.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.usefixtures("configured")
def test_with_nothing_built_one_run_takes_every_day_up_to_yesterday() -> None:
    assert requested() == [DAYS]


def test_with_every_day_built_and_nothing_changed_there_is_no_run_and_the_reason_is_given(configured: Engine) -> None:
    deliver(configured, DAYS)
    assert reason_to_skip() == "Every day up to 2026-06-14 is built, and nothing has changed it."


def test_a_day_that_a_source_has_changed_is_asked_for_again(
    configured: Engine, lpa_database_url: str, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERF_LPA_DATABASE_URL", lpa_database_url)
    deliver(configured, DAYS)
    insert_feedback(cursor, datetime(2026, 6, 12, 9, tzinfo=UTC), "satisfied")
    assert requested() == [DayRange(date(2026, 6, 12), date(2026, 6, 12))]


def test_a_source_that_can_not_be_compared_is_named_and_days_without_data_are_asked_for_all_the_same(
    configured: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERF_FEEDBACK_EXPORTS_DIR", str(tmp_path / "nowhere"))
    deliver(configured, DAYS)
    assert "What has changed could not be looked for: make-a-lpa, done-page: " in reason_to_skip()
    assert requested(TICK + timedelta(days=1)) == [DayRange(date(2026, 6, 15), date(2026, 6, 15))]


def test_a_sirius_that_says_nothing_does_not_cost_the_night(
    configured: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(configured, DAYS)
    with socket.create_server(("127.0.0.1", 0)) as silence:
        monkeypatch.setenv("PERF_SIRIUS_URL", f"http://127.0.0.1:{silence.getsockname()[1]}")
        monkeypatch.setattr(resources, "SECONDS_IN_A_HURRY", 0.5)
        begin = time.monotonic()
        reason = reason_to_skip()
    assert "could not be looked for: make-a-lpa, sirius: " in reason
    # Two silences and the wait between them; Dagster ends a tick after sixty seconds.
    assert time.monotonic() - begin < 10


def test_it_asks_for_its_days_while_another_run_builds(configured: Engine) -> None:
    with building(configured, silent):
        assert requested() == [DAYS]


def test_a_provisional_day_is_asked_for_again_once_that_makes_it_final(configured: Engine) -> None:
    deliver(configured, DAYS)
    deliver(configured, DayRange(date(2026, 6, 14), date(2026, 6, 14)), at=datetime(2026, 6, 14, 20, tzinfo=UTC))
    assert requested() == [DayRange(date(2026, 6, 14), date(2026, 6, 14))]


def test_take_up_that_is_never_called_final_is_asked_for_once_its_window_has_closed(configured: Engine) -> None:
    deliver(configured, DAYS)
    with transaction(configured) as connection:
        row = dict.fromkeys((*TAKE_UP_COUNTS, "digital_take_up_percent"), 0) | {"is_provisional": True}
        key = {"service": "make-a-lpa", "report_date": DAYS.first, "lpa_type": "all", "is_estimated": False}
        connection.execute(insert(TABLES["daily_digital_take_up"]), row | key)
        verdict = {"dataset": "daily_digital_take_up", "check_name": "a check", "severity": "blocking"}
        rest = {"result": "passed", "run_id": "a run", "decided_at": TICK}
        connection.execute(
            insert(TABLES["verdicts"]), verdict | rest | {"service": "make-a-lpa", "report_date": DAYS.first}
        )
    assert requested() == []
    closing = datetime.combine(DAYS.first, TICK.timetz()) + timedelta(days=SIRIUS_REVISION_DAYS)
    assert DayRange(DAYS.first, DAYS.first) not in requested(closing - timedelta(days=1))
    assert DayRange(DAYS.first, DAYS.first) in requested(closing)


def test_days_whose_headline_was_made_by_another_method_are_asked_for_again(configured: Engine) -> None:
    deliver(configured, DAYS)
    with transaction(configured) as connection:
        key = {"service": "make-a-lpa", "source": "done-page", "report_date": DAYS.first}
        row = dict.fromkeys((*RATING_COUNTS, "responses_count"), 0) | dict.fromkeys(STATE_FLAGS, False)
        connection.execute(insert(TABLES["daily_user_satisfaction"]), key | row | {"headline_method": "weighted_mean"})
        verdict = {"dataset": "daily_user_satisfaction", "check_name": "a check", "severity": "blocking"}
        rest = {"result": "passed", "run_id": "a run", "decided_at": TICK}
        connection.execute(
            insert(TABLES["verdicts"]), verdict | rest | {"service": "make-a-lpa", "report_date": DAYS.first}
        )
    assert requested() == [DayRange(DAYS.first, DAYS.first)]


def test_each_gap_is_a_run_of_its_own(configured: Engine) -> None:
    gap = DayRange(date(2026, 5, 10), date(2026, 5, 12))
    deliver(configured, DayRange(DAYS.first, date(2026, 5, 9)))
    deliver(configured, DayRange(date(2026, 5, 13), DAYS.last))
    assert requested() == [gap]


def test_a_day_that_a_source_failed_on_is_asked_for_again(configured: Engine) -> None:
    day = DayRange(date(2026, 5, 10), date(2026, 5, 10))
    deliver(configured, DAYS)
    deliver(configured, day, "failed")
    assert requested() == [day]


def test_a_day_that_a_source_has_not_delivered_yet_is_asked_for_again(configured: Engine) -> None:
    waiting = DayRange(date(2026, 5, 10), date(2026, 5, 31))
    deliver(configured, waiting, "waiting")
    deliver(configured, DayRange(DAYS.first, date(2026, 5, 9)))
    deliver(configured, DayRange(date(2026, 6, 1), DAYS.last))
    assert requested() == [waiting]


def test_a_day_whose_run_broke_off_before_the_release_is_asked_for_again(configured: Engine) -> None:
    broken_off = DayRange(date(2026, 5, 10), date(2026, 5, 20))
    deliver(configured, DAYS)
    deliver(configured, broken_off, is_released=False)
    assert requested() == [broken_off]


def test_days_without_a_source_are_left_alone_while_it_is_unset(configured: Engine) -> None:
    deliver(configured, DAYS, "unset")
    assert requested() == []


def test_days_that_were_built_without_a_source_are_asked_for_once_it_is_set(
    configured: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(configured, DAYS, "unset")
    monkeypatch.setenv("PERF_SIRIUS_URL", "https://sirius.example")
    assert requested() == [DAYS]


def test_nights_that_were_missed_are_made_up_for(configured: Engine) -> None:
    deliver(configured, DAYS)
    (days,) = requested(TICK + timedelta(days=30))
    assert days == DayRange(date(2026, 6, 15), DAYS.last + timedelta(days=30))


@pytest.mark.usefixtures("configured")
def test_an_hour_before_midnight_in_london_the_running_day_is_not_asked_for() -> None:
    assert requested(datetime(2026, 6, 14, 22, tzinfo=UTC)) == [DayRange(DAYS.first, date(2026, 6, 13))]


@pytest.mark.usefixtures("configured")
def test_at_midnight_in_london_the_day_that_has_just_ended_is_asked_for() -> None:
    assert requested(datetime(2026, 6, 14, 23, tzinfo=UTC)) == [DAYS]


def test_a_warehouse_without_our_tables_is_said_to_need_the_migration(configured: Engine) -> None:
    with transaction(configured) as connection:
        connection.execute(text("DROP SCHEMA perf CASCADE"))
    with pytest.raises(WarehouseError, match="run perf-pipeline migrate"):
        requested()
