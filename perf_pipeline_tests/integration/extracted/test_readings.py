"""The ledger: what is recorded of a reading that delivered days, of one that failed, and of the days it then owes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, start_of
from perf_pipeline.extracted.readings import DayCounts, Delivery, record_delivery, record_failure, record_success
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests import extracting

DAY, NEXT_DAY = date(2026, 5, 4), date(2026, 5, 5)
DAYS = DayRange(DAY, NEXT_DAY)
NIGHT = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
NEXT_NIGHT = NIGHT + ONE_DAY
COUNTS = DayCounts(read=5, kept=4, quarantined=1)


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def deliver(
    warehouse: Engine,
    at: datetime,
    days: DayRange = DAYS,
    changes: Mapping[date, SourceChange] | None = None,
    counts: DayCounts = COUNTS,
) -> frozenset[date]:
    reading = extracting.reading(warehouse, "applications", "", days, at)
    with transaction(warehouse) as connection:
        delivery = Delivery(dict.fromkeys(days, counts), changes or {})
        return record_delivery(connection, reading, delivery, is_stand_in=False)


def revisions(warehouse: Engine) -> dict[date, tuple[int, str, datetime]]:
    return {
        day: (row.revision_count, row.change, row.changed_at)
        for day, row in extracting.ledger(warehouse, "applications").items()
    }


def test_a_first_delivery_changes_each_of_its_days(warehouse: Engine) -> None:
    assert deliver(warehouse, NIGHT) == {*DAYS}
    assert revisions(warehouse) == dict.fromkeys(DAYS, (1, "delivered", NIGHT))


def test_a_day_that_is_read_again_as_it_was_keeps_its_row(warehouse: Engine) -> None:
    versions = "SELECT xmin::text, source_deliveries.* FROM perf.source_deliveries ORDER BY period_start"
    deliver(warehouse, NIGHT)
    before = extracting.query(warehouse, versions)
    assert deliver(warehouse, NEXT_NIGHT) == set()
    assert extracting.query(warehouse, versions) == before


def test_other_numbers_of_rows_are_recorded_and_are_no_change_by_themselves(warehouse: Engine) -> None:
    deliver(warehouse, NIGHT)
    assert deliver(warehouse, NEXT_NIGHT, counts=DayCounts(read=3, kept=3, is_short=True)) == set()
    row = extracting.ledger(warehouse, "applications")[DAY]
    assert (row.rows_read_count, row.rows_kept_count, row.rows_quarantined_count, row.is_short) == (3, 3, 0, True)
    assert (row.first_delivered_at, row.delivered_at) == (NIGHT, NEXT_NIGHT)
    assert revisions(warehouse)[DAY] == (1, "delivered", NIGHT)


def test_a_change_is_counted_and_named(warehouse: Engine) -> None:
    deliver(warehouse, NIGHT)
    assert deliver(warehouse, NEXT_NIGHT, changes={DAY: SourceChange.REVISED}) == {DAY}
    assert revisions(warehouse) == {DAY: (2, "revised", NEXT_NIGHT), NEXT_DAY: (1, "delivered", NIGHT)}


@pytest.mark.parametrize(
    ("first_read", "is_change"),
    [(start_of(NEXT_DAY) + timedelta(hours=12), True), (start_of(NEXT_DAY + ONE_DAY), False)],
)
def test_a_day_last_read_before_its_end_changes_when_it_is_read_after_it(
    warehouse: Engine, first_read: datetime, is_change: bool
) -> None:
    deliver(warehouse, first_read)
    assert deliver(warehouse, NEXT_NIGHT) == ({NEXT_DAY} if is_change else set())
    assert deliver(warehouse, NEXT_NIGHT + ONE_DAY) == set()


def test_a_change_outside_the_reading_counts_on_days_that_were_delivered(warehouse: Engine) -> None:
    deliver(warehouse, NIGHT, DayRange(DAY, DAY))
    never_delivered = DAY - ONE_DAY
    changes = dict.fromkeys((DAY, never_delivered), SourceChange.NEW_ROWS)
    assert deliver(warehouse, NEXT_NIGHT, DayRange(NEXT_DAY, NEXT_DAY), changes) == {DAY, NEXT_DAY}
    assert revisions(warehouse) == {DAY: (2, "new rows", NEXT_NIGHT), NEXT_DAY: (1, "delivered", NEXT_NIGHT)}


def test_changed_days_lose_the_verdicts_on_their_extract(warehouse: Engine) -> None:
    deliver(warehouse, NIGHT)
    extracting.execute(
        warehouse,
        "INSERT INTO perf.verdicts (dataset, subject, period_start, check_name, severity, result, run_id, decided_at)"
        " SELECT 'extracted_application_states', subject, period_start, 'key_is_unique', 'blocking', 'passed', '', now()"
        " FROM perf.source_deliveries",
    )
    deliver(warehouse, NEXT_NIGHT, changes={DAY: SourceChange.NEW_ROWS})
    left = extracting.query(warehouse, "SELECT period_start FROM perf.verdicts")
    assert [row.period_start for row in left] == [NEXT_DAY]


def record(warehouse: Engine, outcome: str, days: DayRange, at: datetime, complete_up_to: date | None = None) -> None:
    reading = extracting.reading(warehouse, "sirius", "", days, at)
    with transaction(warehouse) as connection:
        if outcome == "read":
            record_success(connection, reading, complete_up_to)
        else:
            failure = "It is down." if outcome == "failed" else None
            record_failure(connection, reading, outcome=outcome, failure=failure)


def span(first: int, last: int) -> DayRange:
    """Days of May."""
    return DayRange(date(2026, 5, first), date(2026, 5, last))


def test_a_failure_is_recorded_and_takes_nothing_back(warehouse: Engine) -> None:
    deliver(warehouse, NIGHT)
    before = extracting.ledger(warehouse, "applications")
    reading = extracting.reading(warehouse, "applications", "", DAYS, NEXT_NIGHT)
    with transaction(warehouse) as connection:
        record_failure(connection, reading, failure="It is down.")
    assert extracting.ledger(warehouse, "applications") == before
    row = extracting.last_reading(warehouse, "applications")
    assert (row.outcome, row.failure, row.attempted_at) == ("failed", "It is down.", NEXT_NIGHT)
    assert (row.succeeded_at, row.owed_from) == (None, DAY)


def test_a_success_clears_the_failure(warehouse: Engine) -> None:
    record(warehouse, "failed", span(4, 5), NIGHT)
    record(warehouse, "read", span(1, 6), NEXT_NIGHT, complete_up_to=DAY)
    row = extracting.last_reading(warehouse, "sirius")
    assert (row.outcome, row.failure, row.owed_from) == ("read", None, None)
    assert (row.succeeded_at, row.asked_from, row.complete_up_to) == (NEXT_NIGHT, date(2026, 5, 1), DAY)
    record(warehouse, "failed", span(4, 6), NEXT_NIGHT)
    assert extracting.last_reading(warehouse, "sirius").succeeded_at == NEXT_NIGHT


@pytest.mark.parametrize(
    ("readings", "owed_from"),
    [
        pytest.param([("failed", span(3, 5))], 3, id="the days of a failure"),
        pytest.param([("failed", span(3, 5)), ("failed", span(4, 6))], 3, id="the earliest of two failures"),
        pytest.param([("unset", span(1, 5))], 1, id="all days of a source that is not set"),
        pytest.param([("failed", span(3, 5)), ("read", span(3, 6))], None, id="none, once they are read"),
        pytest.param([("failed", span(3, 5)), ("read", span(4, 6))], 3, id="those before the days that were read"),
        pytest.param([("failed", span(3, 5)), ("read", span(1, 4))], 5, id="those after the days that were read"),
        pytest.param([("failed", span(3, 5)), ("read", span(1, 2))], 3, id="those after days that were not owed"),
        pytest.param([("read", span(3, 5)), ("read", span(1, 2))], None, id="none without a failure"),
    ],
)
def test_days_are_owed_until_they_are_read(
    warehouse: Engine, readings: list[tuple[str, DayRange]], owed_from: int | None
) -> None:
    for outcome, days in readings:
        record(warehouse, outcome, days, datetime(2026, 5, 7, 2, 30, tzinfo=UTC))
    found = extracting.last_reading(warehouse, "sirius").owed_from
    assert found == (owed_from and date(2026, 5, owed_from))
