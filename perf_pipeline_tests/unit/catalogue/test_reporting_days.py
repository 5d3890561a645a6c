"""Europe/London days: their instants, their lengths, their months and ranges."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import (
    DayRange,
    as_ranges,
    last_ended_day,
    london_day,
    month_end,
    month_start,
    months_later,
    start_of,
)
from perf_pipeline.errors import UsageError

days = st.dates(date(2021, 1, 1), date(2037, 12, 30))


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2025, 10, 26), 25),
        (date(2026, 3, 29), 23),
        (date(2026, 3, 28), 24),
        (date(2026, 3, 30), 24),
        (date(2026, 7, 1), 24),
    ],
)
def test_a_day_lasts_23_or_25_hours_when_the_clocks_change(day: date, hours: int) -> None:
    start, end = DayRange(day, day).utc_bounds
    assert end - start == timedelta(hours=hours)


def test_bounds_are_utc() -> None:
    bounds = DayRange(date(2026, 3, 28), date(2026, 3, 29)).utc_bounds
    assert [bound.isoformat() for bound in bounds] == ["2026-03-28T00:00:00+00:00", "2026-03-29T23:00:00+00:00"]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 6, 30, 22, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2025, 10, 26, 23, 59, tzinfo=UTC), date(2025, 10, 26)),
        (datetime(2025, 10, 25, 23, 0, tzinfo=UTC), date(2025, 10, 26)),
    ],
)
def test_an_instant_belongs_to_its_london_day(instant: datetime, day: date) -> None:
    assert london_day(instant) == day


@given(days, st.timedeltas(timedelta(0), timedelta(days=1)))
def test_every_instant_lies_within_the_bounds_of_its_own_day_alone(utc_day: date, passed: timedelta) -> None:
    instant = datetime.combine(utc_day, time(), UTC) + passed
    day = london_day(instant)
    start, end = DayRange(day, day).utc_bounds
    assert start <= instant < end


@given(days)
def test_days_follow_upon_each_other_without_gap_or_overlap(day: date) -> None:
    next_day = day + timedelta(days=1)
    assert DayRange(day, day).utc_bounds[1] == DayRange(next_day, next_day).utc_bounds[0] == start_of(next_day)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 7, 1, 22, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), date(2025, 12, 31)),
    ],
)
def test_a_day_has_ended_at_its_london_midnight(now: datetime, day: date) -> None:
    assert last_ended_day(now) == day


@given(days)
def test_a_month_runs_from_its_first_day_to_its_last(day: date) -> None:
    assert month_start(day).day == 1
    assert month_start(month_end(day) + timedelta(days=1)).day == (month_end(day) + timedelta(days=1)).day == 1
    assert month_start(day) <= day <= month_end(day)


def test_february_ends_on_the_29th_in_a_leap_year() -> None:
    assert [month_end(date(year, 2, 1)).day for year in (2026, 2028)] == [28, 29]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2026, 1, 31), 13, date(2027, 2, 28)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_months_later_keeps_the_day_or_takes_the_last_of_a_shorter_month(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_a_range_the_wrong_way_round_is_refused_with_the_next_step() -> None:
    with pytest.raises(UsageError, match=r"from 2026-05-02 to 2026-05-01, the wrong way round.*--from"):
        DayRange(date(2026, 5, 2), date(2026, 5, 1))


@given(days, st.integers(0, 400))
def test_a_range_holds_each_of_its_days_once_both_ends_included(first: date, length: int) -> None:
    days_of = DayRange(first, first + timedelta(days=length))
    listed = list(days_of)
    assert len(listed) == len(days_of) == len(set(listed)) == length + 1
    assert (listed[0], listed[-1]) == (days_of.first, days_of.last)
    assert all(day in days_of for day in listed)
    assert days_of.last + timedelta(days=1) not in days_of


def test_a_range_grows_to_the_months_that_it_touches() -> None:
    assert DayRange(date(2026, 1, 31), date(2026, 2, 1)).whole_months() == DayRange(date(2026, 1, 1), date(2026, 2, 28))


def test_a_range_reads_as_its_days() -> None:
    day = date(2026, 5, 1)
    assert [str(DayRange(day, day)), str(DayRange(day, date(2026, 5, 3)))] == ["2026-05-01", "2026-05-01 to 2026-05-03"]


@given(st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1))))
def test_days_become_the_fewest_unbroken_ranges(some: set[date]) -> None:
    ranges = as_ranges(some)
    assert [day for days_of in ranges for day in days_of] == sorted(some)
    assert all(later.first - earlier.last > timedelta(days=1) for earlier, later in pairwise(ranges))
