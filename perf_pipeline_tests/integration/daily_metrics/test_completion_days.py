"""The days that completion figures count on, and the cohorts of those days (DOMAIN 2.2 and 2.5)."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.windows import COHORT_DAYS
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.daily_metrics.completion_rate import cohorts_of_days
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_application

DAY = date(2026, 1, 12)
DAY_90 = DAY + timedelta(days=COHORT_DAYS)
NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
MUCH_LATER = datetime(2026, 6, 15, 3, tzinfo=UTC)


def extract(lpa: LpaDatabase, first: date, last: date | None = None, *, at: datetime = MUCH_LATER) -> None:
    extracting.applications(lpa.warehouse, lpa.url, DayRange(first, last or first), at)


def states(lpa: LpaDatabase, day: date) -> pd.DataFrame:
    with connected(lpa.warehouse) as connection:
        return states_of_days(connection, DayRange(day, day))


def cohort(lpa: LpaDatabase, *, lpa_type: str = ALL, last_ended: date = DAY_90) -> tuple[int, int, int, str, bool]:
    """Started, created, completed, the rate, and whether it is provisional."""
    with connected(lpa.warehouse) as connection:
        rows = cohorts_of_days(connection, DayRange(DAY, DAY), last_ended=last_ended)
    row = rows[rows["lpa_type"] == lpa_type].iloc[0]
    return (
        row.cohort_started_count,
        row.cohort_created_count,
        row.cohort_completed_count,
        str(row.cohort_completion_percent),
        row.is_provisional,
    )


@pytest.mark.parametrize(
    ("created", "completed", "expected"),
    [
        (NOON, NOON, (1, 1, 1, "100.00")),
        (NOON + 30 * A_DAY, None, (1, 1, 0, "100.00")),
        # The clocks go forward in between: London's day 90 ends at 23:00 UTC.
        (datetime(2026, 4, 12, 22, 59, 59, tzinfo=UTC), None, (1, 1, 0, "100.00")),
        (datetime(2026, 4, 12, 23, tzinfo=UTC), None, (1, 0, 0, "0.00")),
        (NOON + 89 * A_DAY, NOON + 91 * A_DAY, (1, 1, 0, "100.00")),
        (NOON + 91 * A_DAY, NOON + 92 * A_DAY, (1, 0, 0, "0.00")),
        (NOON - A_DAY, NOON + A_DAY, (1, 1, 1, "100.00")),
        (None, None, (1, 0, 0, "0.00")),
    ],
)
def test_what_is_created_by_the_end_of_day_90_counts(
    lpa: LpaDatabase, created: datetime | None, completed: datetime | None, expected: tuple[int, int, int, str]
) -> None:
    insert_application(lpa.cursor, started_at=NOON, created_at=created, completed_at=completed)
    extract(lpa, DAY, DAY_90 + 5 * A_DAY)
    assert cohort(lpa)[:4] == expected


def test_an_application_without_a_start_is_in_no_cohort(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, created_at=NOON, completed_at=NOON)
    extract(lpa, DAY, DAY_90)
    assert cohort(lpa) == (0, 0, 0, "None", False)
    assert states(lpa, DAY)["created_count"].sum() == 2  # its type, and all types


def test_a_cohort_counts_under_the_type_of_its_start(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON, created_at=NOON, lpa_type="health-and-welfare")
    insert_application(lpa.cursor, started_at=NOON, lpa_type=None)
    extract(lpa, DAY, DAY_90)
    assert cohort(lpa, lpa_type="health-and-welfare")[:4] == (1, 1, 0, "100.00")
    assert cohort(lpa, lpa_type="unknown")[:4] == (1, 0, 0, "0.00")
    assert cohort(lpa)[:4] == (2, 1, 0, "50.00")


def test_a_cohort_is_provisional_until_its_day_90_has_ended(lpa: LpaDatabase) -> None:
    extract(lpa, DAY, DAY_90)
    assert cohort(lpa, last_ended=DAY_90 - A_DAY)[4]
    assert not cohort(lpa, last_ended=DAY_90)[4]


@pytest.mark.parametrize("missing", [1, 45, 90])
def test_a_cohort_is_provisional_while_one_of_its_days_is_missing(lpa: LpaDatabase, missing: int) -> None:
    unread = DAY + missing * A_DAY
    extract(lpa, DAY, unread - A_DAY)
    if unread < DAY_90:
        extract(lpa, unread + A_DAY, DAY_90)
    assert cohort(lpa)[4]
    extract(lpa, unread)
    assert not cohort(lpa)[4]


def test_a_cohort_is_provisional_while_its_day_90_was_read_before_its_end(lpa: LpaDatabase) -> None:
    extract(lpa, DAY, DAY_90 - A_DAY)
    extract(lpa, DAY_90, at=datetime(2026, 4, 12, 12, tzinfo=UTC))
    assert cohort(lpa, last_ended=DAY_90 + A_DAY)[4]


@pytest.mark.parametrize(("first_read", "is_estimated"), [(date(2026, 10, 12), False), (date(2026, 10, 13), True)])
def test_a_day_first_read_more_than_nine_months_late_is_an_estimate(
    lpa: LpaDatabase, first_read: date, is_estimated: bool
) -> None:
    extract(lpa, DAY, at=datetime.combine(first_read, NOON.timetz()))
    extract(lpa, DAY, at=NOON + 900 * A_DAY)
    assert states(lpa, DAY)["is_estimated"].tolist() == [is_estimated] * 4


def test_a_day_read_before_its_end_is_provisional(lpa: LpaDatabase) -> None:
    summer_day = date(2026, 5, 4)
    for last_minute, is_provisional in (("22:59", True), ("23:00", False)):
        extract(lpa, summer_day, at=datetime.fromisoformat(f"{summer_day}T{last_minute}Z"))
        assert states(lpa, summer_day)["is_provisional"].tolist() == [is_provisional] * 4


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        ("2026-06-10T22:59:59Z", "2026-06-10"),
        ("2026-06-10T23:00:00Z", "2026-06-11"),
        ("2026-06-10T23:30:00Z", "2026-06-11"),
        ("2026-01-10T23:30:00Z", "2026-01-10"),
        # The clocks go forward: a day of 23 hours.
        ("2026-03-29T00:00:00Z", "2026-03-29"),
        ("2026-03-29T22:59:59Z", "2026-03-29"),
        ("2026-03-29T23:00:00Z", "2026-03-30"),
        # The clocks go back: a day of 25 hours.
        ("2025-10-25T22:59:59Z", "2025-10-25"),
        ("2025-10-25T23:00:00Z", "2025-10-26"),
        ("2025-10-26T23:59:59Z", "2025-10-26"),
        ("2025-10-27T00:00:00Z", "2025-10-27"),
    ],
)
def test_an_instant_counts_on_its_london_day(lpa: LpaDatabase, stamp: str, day: str) -> None:
    belongs_to = date.fromisoformat(day)
    around = DayRange(belongs_to - A_DAY, belongs_to + A_DAY)
    insert_application(lpa.cursor, started_at=datetime.fromisoformat(stamp))
    for read in around:
        extract(lpa, read)
    assert [states(lpa, read)["started_count"].max() for read in around] == [0, 1, 0]
