"""A verdict on every day, whatever happens: a check that can't be run has not passed, and leaves nothing behind."""

import time
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, create_engine, event, text

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.good_months import AUGUST, FULL, JULY, OTHER, SPOILED, fill
from perf_pipeline_tests.integration.quality.judged import THURSDAY, WEEK, judged, not_passed, run
from perf_pipeline_tests.systems import systems_with

TABLE = "daily_digital_take_up"
NEEDS_PHONE_COUNT = {CONTRACT_CHECK, "channels_add_up_to_total", "channels_of_all_types_add_up"}


def altered(warehouse: Engine, *statements: str) -> None:
    with warehouse.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def everywhere(days: Iterable[date], checks: Collection[str]) -> set[tuple[str, date, str]]:
    return {(service, day, check) for service in (SPOILED, OTHER) for day in days for check in checks}


def keys(verdicts: list[Row[Any]]) -> set[tuple[str, date, str]]:
    return {(row.subject, row.period_start, row.check_name) for row in verdicts}


@pytest.fixture
def own(warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems around good months in a database of the test's own, whose tables it may alter."""
    with warehouse.begin() as connection:
        for name in FULL:
            fill(connection, name)
    return systems_with(warehouse, tmp_path)


@pytest.fixture
def limited(own: Systems) -> Iterator[Systems]:
    """Systems of a role that may do what a test grants it."""
    altered(own.warehouse, "CREATE ROLE judge LOGIN", "GRANT USAGE ON SCHEMA perf TO judge")
    altered(own.warehouse, "GRANT ALL ON ALL TABLES IN SCHEMA perf TO judge")
    engine = create_engine(own.warehouse.url.set(username="judge"))
    yield systems_with(engine, own.data_docs_dir.parent)
    engine.dispose()
    altered(own.warehouse, "DROP OWNED BY judge", "DROP ROLE judge")


def test_a_table_that_differs_from_the_catalogue_fails_or_crashes_on_every_day(own: Systems) -> None:
    altered(own.warehouse, f"ALTER TABLE perf.{TABLE} ADD COLUMN post_code text")
    verdicts = judged(own, TABLE)
    assert not_passed(verdicts) == dict.fromkeys(everywhere(WEEK, {CONTRACT_CHECK}), "failed")
    assert {row.observed for row in verdicts if row.result == "failed"} == {"the table differs from the catalogue"}

    altered(own.warehouse, f"ALTER TABLE perf.{TABLE} DROP COLUMN phone_count")
    verdicts = judged(own, TABLE)
    assert not_passed(verdicts) == dict.fromkeys(everywhere(WEEK, NEEDS_PHONE_COUNT), "crashed")
    assert {row.observed for row in verdicts if row.result == "crashed"} == {
        "the check could not be run: its query failed"
    }
    held_back = f"SELECT count(*) FROM perf.built_periods WHERE dataset = '{TABLE}' AND NOT has_passed"
    with own.warehouse.connect() as connection:
        assert connection.execute(text(held_back)).scalar_one() == 2 * len(WEEK)


def test_no_check_passes_on_a_table_that_is_gone(own: Systems) -> None:
    for dataset in CHECKED:
        assert not_passed(judged(own, dataset)) == {}
    for dataset in reversed(CHECKED):
        altered(own.warehouse, f"DROP TABLE perf.{dataset}")
        verdicts = judged(own, dataset)
        days = (JULY, AUGUST) if DATASETS[dataset].is_monthly else WEEK
        assert keys(verdicts) == everywhere(days, RULES[dataset])
        assert {row.result for row in verdicts} == {"crashed"}


def test_a_table_that_the_role_may_not_read_has_no_day_that_passed(own: Systems, limited: Systems) -> None:
    altered(own.warehouse, f"REVOKE ALL ON perf.{TABLE} FROM judge")
    # The days are known by their deliveries.
    verdicts = judged(limited, TABLE)
    assert keys(verdicts) == everywhere(WEEK, RULES[TABLE])
    assert {row.result for row in verdicts} == {"crashed"}


def test_checks_that_could_not_begin_have_crashed_on_every_day(own: Systems, limited: Systems) -> None:
    # Great Expectations needs a second connection.
    altered(own.warehouse, "ALTER ROLE judge CONNECTION LIMIT 1")
    verdicts = judged(limited, "extracted_channel_counts")
    assert keys(verdicts) == everywhere(WEEK, RULES["extracted_channel_counts"])
    assert {row.result for row in verdicts} == {"crashed"}
    assert all("could not be run" in row.observed for row in verdicts)


def test_judging_again_replaces_the_verdict_and_leaves_other_days_alone(good: Systems) -> None:
    run(good.warehouse, TABLE, "UPDATE {table} SET total_count = 99 WHERE {here}")
    bad = not_passed(judged(good, TABLE))
    assert {day for _, day, _ in bad} == {THURSDAY}
    run(good.warehouse, TABLE, "UPDATE {table} SET total_count = online_count * 2 WHERE {here}")
    assert judged(good, TABLE, DayRange(WEEK.first, WEEK.first))
    with good.warehouse.connect() as connection:
        standing = text(f"SELECT count(*) FROM perf.verdicts WHERE dataset = '{TABLE}' AND result = 'failed'")
        assert connection.execute(standing).scalar_one() == len(bad)
    assert not_passed(judged(good, TABLE)) == {}


def test_the_sql_of_a_check_runs_once(good: Systems) -> None:
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        executed.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        run(good.warehouse, TABLE, "UPDATE {table} SET total_count = 99 WHERE {here}")
        assert not_passed(judged(good, TABLE))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sum("AS findings" in statement for statement in executed) == len(RULES[TABLE])


def test_judging_leaves_no_connection_behind(good: Systems) -> None:
    good.warehouse.dispose()
    judged(good, TABLE)
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
