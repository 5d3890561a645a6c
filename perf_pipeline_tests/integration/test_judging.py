"""A verdict on every day, whatever happens: a check that can't be made has not passed, and leaves nothing behind."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, RULES
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.quality.judging import days_written
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import FULL, MAY, OTHER, SPOILED, fill
from perf_pipeline_tests.judged import THURSDAY, WEEK, around, days_judged, judged, not_passed, spoil, spoiling

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

TABLE = "daily_digital_take_up"
BOTH_MONTHS = {date(2026, 4, 1), MAY}
NEEDS_PHONE_COUNT = {CONTRACT_CHECK, "channels_add_up_to_total", "channels_of_all_types_add_up"}


def altered(warehouse: Engine, statement: str) -> None:
    with warehouse.begin() as connection:
        connection.execute(text(statement))


@pytest.fixture
def own(warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems around good months in a database of the test's own, whose tables it may alter."""
    with warehouse.begin() as connection:
        for name in FULL:
            fill(connection, name)
    return around(warehouse, tmp_path / "published")


@pytest.mark.parametrize(
    ("dataset", "written"),
    [
        ("extracted_feedback", DayRange(date(2026, 5, 20), date(2026, 5, 21))),
        ("daily_user_satisfaction", DayRange(date(2026, 5, 20), date(2026, 5, 21))),
        ("daily_digital_take_up", DayRange(date(2026, 5, 20), date(2026, 5, 21))),
        ("daily_application_events", DayRange(date(2026, 2, 19), date(2026, 5, 21))),
        ("daily_completion_rate", DayRange(date(2026, 2, 19), date(2026, 5, 21))),
        ("monthly_user_satisfaction", DayRange(date(2026, 5, 1), date(2026, 5, 31))),
        ("monthly_completion_rate", DayRange(date(2026, 2, 1), date(2026, 5, 31))),
    ],
)
def test_every_row_that_a_run_writes_is_looked_at(dataset: str, written: DayRange) -> None:
    assert days_written(dataset, DayRange(date(2026, 5, 20), date(2026, 5, 21))) == written


def test_checks_of_a_column_that_is_gone_crash_on_every_day_and_the_others_hold(own: Systems) -> None:
    altered(own.warehouse, f"ALTER TABLE perf.{TABLE} DROP COLUMN phone_count")
    verdicts = judged(own, TABLE)
    ended = not_passed(verdicts)
    assert set(ended.values()) == {"crashed"}
    assert set(ended) == {(who, day, check) for who in (SPOILED, OTHER) for day in WEEK for check in NEEDS_PHONE_COUNT}
    assert {row.observed for row in verdicts if row.result == "crashed"} == {
        "the check could not be made: its query failed"
    }


def test_a_column_too_many_breaks_the_contract_of_every_day(own: Systems) -> None:
    altered(own.warehouse, f"ALTER TABLE perf.{TABLE} ADD COLUMN post_code text")
    verdicts = judged(own, TABLE)
    assert set(not_passed(verdicts)) == {(who, day, CONTRACT_CHECK) for who in (SPOILED, OTHER) for day in WEEK}
    assert {row.observed for row in verdicts if row.result == "failed"} == {"the table differs from the catalogue"}


@pytest.mark.parametrize("dataset", CHECKED)
def test_no_check_of_rows_passes_on_a_table_that_is_gone(own: Systems, dataset: str) -> None:
    assert not_passed(judged(own, dataset)) == {}
    altered(own.warehouse, f"DROP TABLE perf.{dataset}")
    days = BOTH_MONTHS if dataset.startswith("monthly_") else set(WEEK)
    verdicts = judged(own, dataset)
    of_rows = {name for name, rule in RULES[dataset].items() if rule.batch == "rows"}
    assert {(row.service, row.report_date) for row in verdicts} == {
        (who, day) for who in (SPOILED, OTHER) for day in days
    }
    assert {row.result for row in verdicts if row.check_name in of_rows} == {"crashed"}


def test_a_table_that_the_role_may_not_read_has_no_day_that_passed(own: Systems) -> None:
    altered(own.warehouse, "CREATE ROLE judge_without_rights LOGIN")
    try:
        altered(own.warehouse, "GRANT USAGE ON SCHEMA perf TO judge_without_rights")
        altered(own.warehouse, "GRANT ALL ON ALL TABLES IN SCHEMA perf TO judge_without_rights")
        altered(own.warehouse, f"REVOKE ALL ON perf.{TABLE} FROM judge_without_rights")
        limited = create_engine(own.warehouse.url.set(username="judge_without_rights"))
        verdicts = judged(around(limited, own.publish_dir), TABLE)
        limited.dispose()
    finally:
        altered(own.warehouse, "DROP OWNED BY judge_without_rights")
        altered(own.warehouse, "DROP ROLE judge_without_rights")
    assert {row.result for row in verdicts} == {"crashed"}
    assert {(row.service, row.report_date) for row in verdicts} == {
        (who, day) for who in (SPOILED, OTHER) for day in WEEK
    }


@pytest.fixture
def without_a_second_connection(own: Systems) -> Iterator[Systems]:
    """Systems whose account may hold one connection: Great Expectations, which needs another, is refused."""
    altered(own.warehouse, "CREATE ROLE judge_alone LOGIN CONNECTION LIMIT 1")
    altered(own.warehouse, "GRANT USAGE ON SCHEMA perf TO judge_alone")
    altered(own.warehouse, "GRANT ALL ON ALL TABLES IN SCHEMA perf TO judge_alone")
    alone = create_engine(own.warehouse.url.set(username="judge_alone"))
    yield around(alone, own.publish_dir)
    alone.dispose()
    altered(own.warehouse, "DROP OWNED BY judge_alone")
    altered(own.warehouse, "DROP ROLE judge_alone")


def test_checks_that_could_not_begin_have_crashed_on_every_day(without_a_second_connection: Systems) -> None:
    verdicts = judged(without_a_second_connection, "extracted_channel_counts")
    assert {row.result for row in verdicts} == {"crashed"}
    assert {(row.service, row.report_date, row.check_name) for row in verdicts} == {
        (who, day, check) for who in (SPOILED, OTHER) for day in WEEK for check in RULES["extracted_channel_counts"]
    }
    assert all("could not be made" in row.observed for row in verdicts)


def test_judging_again_replaces_the_verdict(good: Systems) -> None:
    bad = spoiling(f"UPDATE perf.{TABLE} SET total_count = 99 WHERE {{here}}")
    mended = spoiling(f"UPDATE perf.{TABLE} SET total_count = online_count * 2 WHERE {{here}}")
    spoil(good.warehouse, bad)
    assert "channels_add_up_to_total" in {check for *_, check in not_passed(judged(good, TABLE))}
    spoil(good.warehouse, mended)
    assert not_passed(judged(good, TABLE)) == {}


def test_judging_a_day_leaves_the_verdicts_on_others_alone(good: Systems) -> None:
    judged(good, TABLE)
    spoil(good.warehouse, spoiling(f"DELETE FROM perf.{TABLE} WHERE {{here}}"))
    judged(good, TABLE, DayRange(WEEK.first, WEEK.first))
    with good.warehouse.connect() as connection:
        standing = text(
            "SELECT bool_and(result = 'passed') FROM perf.verdicts WHERE dataset = :table AND report_date = :day"
        )
        assert connection.execute(standing, {"table": TABLE, "day": THURSDAY}).scalar_one() is True


def test_judging_leaves_no_connection_behind(good: Systems) -> None:
    good.warehouse.dispose()
    for dataset in CHECKED:
        judged(good, dataset, days_judged(dataset))
    sessions = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    # A server process ends a moment after its client has gone.
    patience = time.monotonic() + 10
    with good.warehouse.connect() as connection:
        while (count := connection.execute(sessions).scalar_one()) > 1 and time.monotonic() < patience:
            connection.rollback()
            time.sleep(0.05)
    assert count == 1
