"""Any days, in any order, any number of times: the same rows as one reading of all (DESIGN 2, promise 1)."""

from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.daily_metrics.completion_rate import cohorts_of_days
from perf_pipeline.daily_metrics.digital_take_up import take_up_of_days
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase, query
from perf_pipeline_tests.lpa_rows import insert_application, insert_feedback

DAYS = DayRange(date(2026, 3, 26), date(2026, 4, 1))
"""The clocks go forward in the middle."""
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
EXTRACTS = (
    "extracted_application_states",
    "extracted_channel_counts",
    "extracted_feedback",
    "quarantined_rows",
    "source_deliveries",
)
STEPS = {
    "first_seen_at", "last_seen_at", "superseded_at", "delivered_at", "first_delivered_at", "changed_at",
    "revision_count", "change", "feedback_key",
}  # fmt: skip
"""What may differ: when and in how many steps rows came, and the keys of export rows, which hold it."""

day_ranges = st.builds(
    lambda one, other: DayRange(min(one, other), max(one, other)),
    *[st.dates(DAYS.first, DAYS.last)] * 2,
)


@dataclass(frozen=True)
class World:
    """Every source, and the warehouse that they are read into."""

    lpa: LpaDatabase
    sirius_url: str
    exports: Path

    def extract(self, days: DayRange, at: datetime) -> None:
        extracting.applications(self.lpa.warehouse, self.lpa.url, days, at)
        extracting.in_service(self.lpa.warehouse, self.lpa.url, days, at)
        extracting.done_page(self.lpa.warehouse, self.exports, days, at)
        extracting.channel_counts(self.lpa.warehouse, self.sirius_url, days, at)

    def kept(self) -> dict[str, list[dict[Hashable, Any]]]:
        """Every row of the extracts and of the daily metrics, without the steps in which they came."""
        warehouse = self.lpa.warehouse
        rows = {
            name: sorted((_stepless(row) for row in query(warehouse, f"SELECT * FROM perf.{name}")), key=str)
            for name in EXTRACTS
        }
        with connected(warehouse) as connection:
            for frame in (
                satisfaction_of_days(connection, DAYS),
                states_of_days(connection, DAYS),
                cohorts_of_days(connection, DAYS, last_ended=DAYS.last),
                take_up_of_days(connection, DAYS, last_ended=DAYS.last),
            ):
                rows[",".join(frame.columns)] = sorted(frame.astype(str).to_dict("records"), key=str)
        return rows


def _stepless(row: Row[Any]) -> dict[Hashable, Any]:
    kept: dict[Hashable, Any] = {name: value for name, value in row._mapping.items() if name not in STEPS}
    return kept | ({"counts": row.superseded_at is None} if "superseded_at" in row._fields else {})


@pytest.fixture
def world(lpa: LpaDatabase, sirius_url: str, tmp_path: Path) -> World:
    """A week of rows that sit on the edges of days; one application is impossible, ratings come twice."""
    for day in DAYS:
        for hour, minute in ((0, 0), (12, 0), (22, 58), (23, 59)):
            stamp = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            insert_application(
                lpa.cursor,
                started_at=stamp,
                created_at=stamp + timedelta(hours=30 if hour else -24),
                completed_at=stamp + timedelta(days=2) if minute else None,
                lpa_type="health-and-welfare" if hour else None,
            )
            for seconds in (0, 200, 400):
                insert_feedback(lpa.cursor, stamp + timedelta(seconds=seconds), "satisfied", details="the same")
        insert_feedback(lpa.cursor, datetime(day.year, day.month, day.day, 9, tzinfo=UTC), "very-issatisfied")
    impossible = datetime(2026, 3, 30, 12, tzinfo=UTC)
    insert_application(lpa.cursor, started_at=impossible, created_at=impossible - timedelta(days=2))
    for number, name in enumerate(("a.csv", "b.csv")):
        page = "/done/lasting-power-of-attorney"
        lines = [
            f"{day} 00:00:00,{page},Rating of {rating}: {day.day + number},,aggregated-service-feedback"
            for day in list(DAYS)[2 * number :]
            for rating in (2, 5)
        ]
        header = "creation date,path or service name,feedback,service satisfaction rating,type"
        (tmp_path / name).write_text("\n".join([header, *lines, ""]))
    return World(lpa, sirius_url, tmp_path)


def test_any_order_and_repetition_of_ranges_ends_in_the_same_rows(world: World) -> None:
    world.extract(DAYS, NIGHT)
    at_once = world.kept()

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
    @given(ranges=st.lists(day_ranges, min_size=1, max_size=5), are_gaps_first=st.booleans())
    def in_pieces(ranges: list[DayRange], are_gaps_first: bool) -> None:
        with world.lpa.warehouse.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(table.delete())
        unread = [DayRange(day, day) for day in DAYS if not any(day in days for days in ranges)]
        order = [*unread, *ranges] if are_gaps_first else [*ranges, *reversed(unread)]
        for number, days in enumerate(order):
            world.extract(days, NIGHT + timedelta(minutes=number))
        assert world.kept() == at_once

    in_pieces()
    # The very last one planted belongs to the London day after the range.
    assert len(at_once["extracted_application_states"]) == 4 * len(DAYS) - 1


def test_two_readings_at_once_end_in_the_same_rows(world: World) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda second: world.extract(DAYS, NIGHT + timedelta(seconds=second)), range(4)))
    at_once = world.kept()
    steps = query(world.lpa.warehouse, "SELECT DISTINCT revision_count FROM perf.source_deliveries")
    assert [row.revision_count for row in steps] == [1]
    world.extract(DAYS, NIGHT + timedelta(seconds=4))
    assert world.kept() == at_once
    assert len(at_once["extracted_channel_counts"]) == 2 * len(DAYS)
