"""Any days, in any order, any number of times: the same rows as one reading of all (DESIGN 2, promise 1)."""

from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.completion_rate import cohorts_of_days
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.daily_metrics.digital_take_up import take_up_of_days
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.demo.lpa_traps import insert_application, insert_feedback
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests import extracting
from perf_pipeline_tests.conftest import connect

DAYS = DayRange(date(2026, 3, 26), date(2026, 4, 1))
"""The clocks go forward in the middle."""
FIRST_NIGHT = datetime(2026, 4, 2, 2, 30, tzinfo=UTC)
INSTANTS = {
    "first_seen_at", "last_seen_at", "superseded_at", "attempted_at", "delivered_at", "first_delivered_at",
    "feedback_key",
}  # fmt: skip
"""What may differ: when, and the keys of export rows, which hold it. A duplicate's superseded_at is such an instant."""

day_ranges = st.builds(
    lambda one, other: DayRange(min(one, other), max(one, other)),
    *[st.dates(DAYS.first, DAYS.last)] * 2,
)


def plant(cursor: Cursor) -> None:
    """A week of rows that sit on the edges of days."""
    for day in DAYS:
        for hour, minute in ((0, 0), (12, 0), (22, 58), (23, 59)):
            stamp = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            insert_application(
                cursor,
                started_at=stamp,
                created_at=stamp + timedelta(hours=30 if hour else -30),
                completed_at=stamp + timedelta(days=2) if minute else None,
                lpa_type="health-and-welfare" if hour else None,
            )
            for seconds in (0, 200, 400):
                insert_feedback(cursor, stamp + timedelta(seconds=seconds), "satisfied", details="the same")
        insert_feedback(cursor, datetime(day.year, day.month, day.day, 9, tzinfo=UTC), "very-issatisfied")


def write_exports(folder: Path) -> None:
    header = "creation date,path or service name,feedback,service satisfaction rating,type\n"
    for number, name in enumerate(("a.csv", "b.csv")):
        (folder / name).write_text(
            header
            + "".join(
                f"{day} 00:00:00,/done/{extracting.PAGE},Rating of {rating}: {day.day + number},,"
                "aggregated-service-feedback\n"
                for day in list(DAYS)[2 * number :]
                for rating in (2, 5)
            )
        )


@pytest.fixture(scope="module")
def sirius_url() -> Iterator[str]:
    with sirius_server(today=FIRST_NIGHT.date(), behaviour=SiriusBehaviour(hiccup_every=0)) as url:
        yield url


def extract_all(warehouse: Engine, lpa_url: str, sirius_url: str, folder: Path, days: DayRange, at: datetime) -> None:
    extracting.applications(warehouse, lpa_url, days, at)
    extracting.in_service(warehouse, lpa_url, days, at)
    extracting.done_page(warehouse, folder, days, at)
    extracting.channel_counts(warehouse, sirius_url, days, at)


def kept(warehouse: Engine) -> dict[str, list[dict[Hashable, Any]]]:
    """Every row of the extracts and of the daily metrics, without the instants."""
    extracts = ("extracted_application_states", "extracted_channel_counts", "extracted_feedback", "quarantined_rows")
    rows = {
        name: sorted((_timeless(row) for row in extracting.query(warehouse, f"SELECT * FROM perf.{name}")), key=str)
        for name in (*extracts, "source_deliveries")
    }
    with connected(warehouse) as connection:
        for frame in (
            satisfaction_of_days(connection, DAYS),
            states_of_days(connection, DAYS),
            cohorts_of_days(connection, DAYS, last_ended=DAYS.last),
            take_up_of_days(connection, DAYS),
        ):
            rows[",".join(frame.columns)] = sorted(frame.astype(str).to_dict("records"), key=str)
    return rows


def _timeless(row: Row[Any]) -> dict[Hashable, Any]:
    timeless: dict[Hashable, Any] = {name: value for name, value in row._mapping.items() if name not in INSTANTS}
    return timeless | ({"counts": row.superseded_at is None} if "superseded_at" in row._fields else {})


def test_any_order_and_repetition_of_ranges_ends_in_the_same_rows(
    emptied_warehouse: Engine, emptied_lpa_database_url: str, sirius_url: str, tmp_path: Path
) -> None:
    warehouse, lpa_url = emptied_warehouse, emptied_lpa_database_url
    write_exports(tmp_path)
    lpa = connect(lpa_url)
    with lpa, lpa.cursor() as cursor:
        plant(cursor)
    lpa.close()

    extract_all(warehouse, lpa_url, sirius_url, tmp_path, DAYS, FIRST_NIGHT)
    at_once = kept(warehouse)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
    @given(ranges=st.lists(day_ranges, min_size=1, max_size=5), are_gaps_first=st.booleans())
    def in_pieces(ranges: list[DayRange], are_gaps_first: bool) -> None:
        with warehouse.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(table.delete())
        unread = [DayRange(day, day) for day in DAYS if not any(day in days for days in ranges)]
        order = [*unread, *ranges] if are_gaps_first else [*ranges, *reversed(unread)]
        for number, days in enumerate(order):
            extract_all(warehouse, lpa_url, sirius_url, tmp_path, days, FIRST_NIGHT + timedelta(minutes=number))
        assert kept(warehouse) == at_once

    in_pieces()
    # The very last one planted belongs to the London day after the range.
    assert len(at_once["extracted_application_states"]) == 4 * len(DAYS) - 1


def test_two_readings_at_once_end_in_the_same_rows(
    emptied_warehouse: Engine, emptied_lpa_database_url: str, sirius_url: str, tmp_path: Path
) -> None:
    write_exports(tmp_path)
    lpa = connect(emptied_lpa_database_url)
    with lpa, lpa.cursor() as cursor:
        plant(cursor)
    lpa.close()

    def read(second: int) -> None:
        at = FIRST_NIGHT + timedelta(seconds=second)
        extract_all(emptied_warehouse, emptied_lpa_database_url, sirius_url, tmp_path, DAYS, at)

    with ThreadPoolExecutor() as pool:
        list(pool.map(read, range(4)))
    at_once = kept(emptied_warehouse)
    read(4)
    assert kept(emptied_warehouse) == at_once
    assert len(at_once["extracted_channel_counts"]) == 2 * len(DAYS)
