"""Days and months are rebuilt whole, from what the warehouse holds once their table is locked (DESIGN 2, promise 1)."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.digital_take_up import take_up_of_days
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.monthly_metrics.completion_rate import completion_of_months
from perf_pipeline.monthly_metrics.digital_take_up import take_up_of_months
from perf_pipeline.monthly_metrics.user_satisfaction import satisfaction_of_months
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests import extracting
from perf_pipeline_tests.passing import let_pass

MAY = DayRange(date(2026, 5, 1), date(2026, 5, 31))
DAY = date(2026, 5, 4)
DAYS = DayRange(DAY, DAY)
NIGHT = datetime(2026, 6, 2, 2, 30, tzinfo=UTC)


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def deliver(connection: Connection, source: str, day: date = DAY) -> None:
    connection.execute(
        text(
            "INSERT INTO perf.source_deliveries (service, source_name, report_date, outcome, first_delivered_at,"
            " delivered_at, attempted_at, is_short, rows_read_count, rows_kept_count, rows_quarantined_count,"
            " rows_duplicate_count, run_id) VALUES ('make-a-lpa', :source, :day, 'delivered', :now, :now, :now, false,"
            " 0, 0, 0, 0, 'a run')"
        ),
        {"source": source, "day": day, "now": NIGHT},
    )


def rate(connection: Connection, rating: int) -> None:
    connection.execute(
        text(
            "INSERT INTO perf.extracted_feedback (service, source, report_date, granularity, feedback_key, received_at,"
            " rating, ratings_count, delivery, first_seen_at, last_seen_at) VALUES ('make-a-lpa', 'in-service', :day,"
            " 'response', gen_random_uuid(), :now, :rating, 1, 'feedback table', :now, :now)"
        ),
        {"day": DAY, "now": NIGHT, "rating": rating},
    )


def rebuild_satisfaction(systems: Systems) -> None:
    rebuild_days(systems, "daily_user_satisfaction", DAYS, satisfaction_of_days, plotted="headline_percent")


def responses(warehouse: Engine) -> list[int]:
    rows = extracting.query(warehouse, "SELECT responses_count FROM perf.daily_user_satisfaction")
    return [row.responses_count for row in rows]


def test_a_run_that_waited_for_another_takes_what_the_other_brought(systems: Systems, warehouse: Engine) -> None:
    with transaction(warehouse) as connection:
        deliver(connection, "in-service")
        rate(connection, 5)
    slow = threading.Thread(target=rebuild_satisfaction, args=[systems])
    with transaction(warehouse) as other:
        lock_for_writing(other, "daily_user_satisfaction")
        slow.start()
        wait_until_blocked(warehouse)
        rate(other, 1)
    slow.join()
    assert responses(warehouse) == [2]


def wait_until_blocked(warehouse: Engine) -> None:
    for _ in range(200):
        if extracting.query(warehouse, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
            return
        time.sleep(0.02)
    raise AssertionError("nobody waits for the lock")


def test_rebuilding_twice_ends_in_the_same_rows(systems: Systems, warehouse: Engine) -> None:
    with transaction(warehouse) as connection:
        deliver(connection, "in-service")
        rate(connection, 5)
    rebuild_satisfaction(systems)
    rebuild_satisfaction(systems)
    assert responses(warehouse) == [1]


def test_days_without_any_delivery_are_rebuilt_to_nothing(systems: Systems, warehouse: Engine) -> None:
    with transaction(warehouse) as connection:
        deliver(connection, "in-service")
    rebuild_satisfaction(systems)
    with transaction(warehouse) as connection:
        connection.execute(text("DELETE FROM perf.source_deliveries"))
    rebuild_satisfaction(systems)
    rebuild_days(systems, "daily_digital_take_up", DAYS, take_up_of_days, plotted="digital_take_up_percent")
    assert responses(warehouse) == []


def fill(warehouse: Engine, table: str, days: Sequence[date], **values: object) -> None:
    """Put the same row of a daily table on each of the days; every count that is not given is 0."""
    columns = {column.name: None if column.nullable else 0 for column in TABLES[table].columns} | {
        "service": "make-a-lpa", "is_provisional": False, "is_estimated": False, "headline_method": "top_two_box",
    }  # fmt: skip
    rows = pd.DataFrame([columns | {"report_date": day} | values for day in days], dtype=object)
    with transaction(warehouse) as connection:
        insert_frame(connection, TABLES[table], rows, [column.name for column in TABLES[table].columns])
    let_pass(warehouse, table)


def test_a_month_is_the_sum_of_its_days_and_its_percentages_come_from_the_sums(warehouse: Engine) -> None:
    days = list(MAY)
    fill(warehouse, "daily_user_satisfaction", days[:30], source="done-page", very_satisfied_count=1)
    fill(warehouse, "daily_user_satisfaction", days[30:], source="done-page", very_dissatisfied_count=70)
    with warehouse.connect() as connection:
        (month,) = satisfaction_of_months(connection, MAY).to_dict("records")
    # The mean of the daily percentages would be 96.77.
    assert (month["responses_count"], str(month["satisfied_percent"])) == (100, "30.00")
    assert (month["days_included_count"], month["days_expected_count"]) == (31, 31)
    assert (month["is_provisional"], month["is_estimated"]) == (False, False)


def test_a_month_that_lacks_a_day_is_provisional_and_an_estimate(warehouse: Engine) -> None:
    days = [day for day in MAY if day != DAY]
    fill(warehouse, "daily_user_satisfaction", days, source="done-page", satisfied_count=1)
    fill(warehouse, "daily_digital_take_up", days, lpa_type="all", online_count=1, total_count=1)
    fill(warehouse, "daily_application_events", days, lpa_type="all", started_count=1)
    fill(warehouse, "daily_completion_rate", days, lpa_type="all", cohort_started_count=1)
    with warehouse.connect() as connection:
        months = [
            of_months(connection, MAY).to_dict("records")
            for of_months in (satisfaction_of_months, take_up_of_months, completion_of_months)
        ]
    for (month,) in months:
        assert (month["days_included_count"], month["days_expected_count"]) == (30, 31)
        assert (month["is_provisional"], month["is_estimated"]) == (True, True)


def test_a_month_is_provisional_while_one_of_its_days_is(warehouse: Engine) -> None:
    days = list(MAY)
    fill(warehouse, "daily_digital_take_up", days[1:], lpa_type="all", online_count=1, total_count=1)
    fill(warehouse, "daily_digital_take_up", days[:1], lpa_type="all", is_provisional=True)
    with warehouse.connect() as connection:
        (month,) = take_up_of_months(connection, MAY).to_dict("records")
    assert (month["is_provisional"], month["is_estimated"]) == (True, False)


def test_a_month_of_completion_is_provisional_while_a_cohort_of_it_is(warehouse: Engine) -> None:
    days = list(MAY)
    fill(warehouse, "daily_application_events", days, lpa_type="all", started_count=2, created_count=3)
    fill(warehouse, "daily_completion_rate", days, lpa_type="all", cohort_started_count=2, cohort_created_count=1)
    with warehouse.connect() as connection:
        (month,) = completion_of_months(connection, MAY).to_dict("records")
    assert not month["is_provisional"]
    assert (str(month["created_per_started_percent"]), str(month["cohort_completion_percent"])) == ("150.00", "50.00")
    with transaction(warehouse) as connection:
        connection.execute(text("UPDATE perf.daily_completion_rate SET is_provisional = report_date = :d"), {"d": DAY})
    with warehouse.connect() as connection:
        (month,) = completion_of_months(connection, MAY).to_dict("records")
    assert month["is_provisional"]


def test_ratings_of_several_sources_are_never_summed(warehouse: Engine) -> None:
    for source in ("done-page", "in-service"):
        fill(warehouse, "daily_user_satisfaction", list(MAY), source=source, satisfied_count=1)
    with warehouse.connect() as connection:
        months = satisfaction_of_months(connection, MAY)
    assert dict(zip(months["source"], months["responses_count"], strict=True)) == {"done-page": 31, "in-service": 31}
