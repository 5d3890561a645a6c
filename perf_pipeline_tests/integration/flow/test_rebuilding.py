"""Days and months are rebuilt whole, from what the warehouse holds once their table is locked (DESIGN 2, promise 1)."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import Connection, Engine, insert, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import daily_application_events
from perf_pipeline.daily_metrics.completion_rate import daily_completion_rate
from perf_pipeline.daily_metrics.digital_take_up import daily_digital_take_up
from perf_pipeline.daily_metrics.user_satisfaction import daily_user_satisfaction
from perf_pipeline.flow.flow_asset import FlowAsset
from perf_pipeline.flow.partitions import reporting_days
from perf_pipeline.monthly_metrics.completion_rate import completion_of_months
from perf_pipeline.monthly_metrics.digital_take_up import take_up_of_months
from perf_pipeline.monthly_metrics.user_satisfaction import satisfaction_of_months
from perf_pipeline.orchestration.jobs import range_tags
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests import extracting
from perf_pipeline_tests.lpa_rows import insert_application
from perf_pipeline_tests.passing import let_pass
from perf_pipeline_tests.systems import systems_with

MAY = DayRange(date(2026, 5, 1), date(2026, 5, 31))
DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NIGHT = datetime(2026, 6, 2, 2, 30, tzinfo=UTC)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def systems(emptied_warehouse: Engine, tmp_path: Path) -> Systems:
    return systems_with(emptied_warehouse, tmp_path)


def rebuild(systems: Systems, *assets: FlowAsset, day: date = DAY) -> None:
    declared = [asset.declare(reporting_days(MAY.first)) for asset in assets]
    tags, resources = range_tags(DayRange(day, day)), {"systems": systems}
    assert dg.materialize(declared, resources=resources, tags=tags, run_config=QUIET).success


def deliver(connection: Connection) -> None:
    """Record that the service's own table has delivered the day."""
    table = TABLES["source_deliveries"]
    row = {column.name: NIGHT if column.name.endswith("_at") else 0 for column in table.columns}
    key = {"subject": "make-a-lpa", "source_name": "in-service", "period_start": DAY}
    connection.execute(insert(table), row | key | {"change": "delivered", "is_short": False, "run_id": "a run"})


def rate(connection: Connection, rating: int) -> None:
    connection.execute(
        text(
            "INSERT INTO perf.extracted_feedback (service, source, report_date, granularity, feedback_key, received_at,"
            " rating, ratings_count, first_seen_at, last_seen_at) VALUES ('make-a-lpa', 'in-service', :day,"
            " 'response', gen_random_uuid(), :now, :rating, 1, :now, :now)"
        ),
        {"day": DAY, "now": NIGHT, "rating": rating},
    )


def responses(systems: Systems) -> list[int]:
    rows = extracting.query(systems.warehouse, "SELECT responses_count FROM perf.daily_user_satisfaction")
    return [row.responses_count for row in rows]


def wait_until_blocked(warehouse: Engine) -> None:
    for _ in range(200):
        if extracting.query(warehouse, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            return
        time.sleep(0.02)
    raise AssertionError("nobody waits for the lock")


def test_a_run_that_waited_for_another_takes_what_the_other_brought(systems: Systems) -> None:
    with transaction(systems.warehouse) as connection:
        deliver(connection)
        rate(connection, 5)
    slow = threading.Thread(target=rebuild, args=[systems, daily_user_satisfaction])
    with transaction(systems.warehouse) as other:
        lock_for_writing(other, "daily_user_satisfaction")
        slow.start()
        wait_until_blocked(systems.warehouse)
        rate(other, 1)
    slow.join()
    assert responses(systems) == [2]


def test_rebuilding_twice_ends_in_the_same_rows_and_without_any_delivery_in_none(systems: Systems) -> None:
    with transaction(systems.warehouse) as connection:
        deliver(connection)
        rate(connection, 5)
    for _ in range(2):
        rebuild(systems, daily_user_satisfaction)
        assert responses(systems) == [1]
    with transaction(systems.warehouse) as connection:
        connection.execute(text("DELETE FROM perf.source_deliveries"))
    rebuild(systems, daily_user_satisfaction, daily_digital_take_up)
    assert responses(systems) == []


def test_a_type_that_becomes_known_later_moves_the_start_in_every_figure_of_its_day(
    systems: Systems, lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    later = date(2026, 5, 25)
    events = [daily_application_events, daily_completion_rate]
    with lpa_database.cursor() as cursor:
        insert_application(cursor, started_at=NOON, created_at=NOON, lpa_type=None)
        extracting.applications(systems.warehouse, lpa_database_url, DayRange(DAY, DAY), NOON.replace(day=5))
        rebuild(systems, *events)
        completed = NOON.replace(day=later.day)
        cursor.execute(
            """UPDATE applications SET document = '{"type": "health-and-welfare"}', "completedAt" = %s""", (completed,)
        )
    extracting.applications(systems.warehouse, lpa_database_url, DayRange(later, later), NIGHT)
    rebuild(systems, *events, day=later)
    rows = extracting.query(
        systems.warehouse,
        "SELECT lpa_type, started_count, cohort_started_count, created_count FROM perf.daily_application_events"
        " JOIN perf.daily_completion_rate USING (service, report_date, lpa_type) WHERE report_date = :day",
        day=DAY,
    )
    assert {tuple(row) for row in rows} == {
        ("all", 1, 1, 1),
        ("health-and-welfare", 1, 1, 0),
        ("property-and-financial", 0, 0, 0),
        ("unknown", 0, 0, 1),
    }


def fill(warehouse: Engine, table: str, days: Sequence[date], **values: object) -> None:
    """Put the same row of a daily table on each of the days; every count that is not given is 0."""
    columns = {column.name: None if column.nullable else 0 for column in TABLES[table].columns} | {
        "service": "make-a-lpa", "is_provisional": False, "is_estimated": False, "headline_method": "top_two_box",
    }  # fmt: skip
    rows = pd.DataFrame([columns | {"report_date": day} | values for day in days], dtype=object)
    with transaction(warehouse) as connection:
        insert_frame(connection, TABLES[table], rows, [column.name for column in TABLES[table].columns])
    let_pass(warehouse, table)


def test_a_month_is_the_sum_of_its_days_and_its_percentages_come_from_the_sums(emptied_warehouse: Engine) -> None:
    days = list(MAY)
    fill(emptied_warehouse, "daily_user_satisfaction", days[:30], source="done-page", very_satisfied_count=1)
    fill(emptied_warehouse, "daily_user_satisfaction", days[30:], source="done-page", very_dissatisfied_count=70)
    # Ratings of several sources are never summed.
    fill(emptied_warehouse, "daily_user_satisfaction", days, source="in-service", satisfied_count=2)
    with emptied_warehouse.connect() as connection:
        month, other = satisfaction_of_months(connection, MAY).to_dict("records")
    # The mean of the daily percentages would be 96.77.
    assert (month["responses_count"], str(month["satisfied_percent"])) == (100, "30.00")
    assert (month["days_included_count"], month["days_expected_count"]) == (31, 31)
    assert (month["is_provisional"], month["is_estimated"]) == (False, False)
    assert (other["source"], other["responses_count"]) == ("in-service", 62)


def test_a_month_that_lacks_a_day_is_provisional_and_an_estimate(emptied_warehouse: Engine) -> None:
    days = [day for day in MAY if day != DAY]
    fill(emptied_warehouse, "daily_user_satisfaction", days, source="done-page", satisfied_count=1)
    fill(emptied_warehouse, "daily_digital_take_up", days, lpa_type="all", online_count=1, total_count=1)
    fill(emptied_warehouse, "daily_application_events", days, lpa_type="all", started_count=1)
    fill(emptied_warehouse, "daily_completion_rate", days, lpa_type="all", cohort_started_count=1)
    with emptied_warehouse.connect() as connection:
        months = [
            of_months(connection, MAY).to_dict("records")
            for of_months in (satisfaction_of_months, take_up_of_months, completion_of_months)
        ]
    for (month,) in months:
        assert (month["days_included_count"], month["days_expected_count"]) == (30, 31)
        assert (month["is_provisional"], month["is_estimated"]) == (True, True)


def test_a_month_is_provisional_while_a_day_or_a_cohort_of_it_is(emptied_warehouse: Engine) -> None:
    days = list(MAY)
    fill(emptied_warehouse, "daily_digital_take_up", days[1:], lpa_type="all", online_count=1, total_count=1)
    fill(emptied_warehouse, "daily_digital_take_up", days[:1], lpa_type="all", is_provisional=True)
    fill(emptied_warehouse, "daily_application_events", days, lpa_type="all", started_count=2, created_count=3)
    cohort = {"cohort_started_count": 2, "cohort_created_count": 1}
    fill(emptied_warehouse, "daily_completion_rate", days[1:], lpa_type="all", **cohort)
    fill(emptied_warehouse, "daily_completion_rate", days[:1], lpa_type="all", is_provisional=True, **cohort)
    with emptied_warehouse.connect() as connection:
        (take_up,) = take_up_of_months(connection, MAY).to_dict("records")
        (completion,) = completion_of_months(connection, MAY).to_dict("records")
    for month in (take_up, completion):
        assert (month["is_provisional"], month["is_estimated"]) == (True, False)
    percents = (completion["created_per_started_percent"], completion["cohort_completion_percent"])
    assert tuple(map(str, percents)) == ("150.00", "50.00")
