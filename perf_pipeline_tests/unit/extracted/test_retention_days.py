"""Which days are frozen: the unbroken run of settled days from the first one on."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.retention import days_to_freeze

FIRST, THIRD = date(2024, 1, 1), date(2024, 1, 3)
Settled = dict[date, bool]


def days(*flags: bool) -> Settled:
    """Days from the first one on, settled or not."""
    return {FIRST + timedelta(days=place): flag for place, flag in enumerate(flags)}


def span(first: int, last: int) -> DayRange:
    return DayRange(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


@pytest.mark.parametrize(
    ("settled", "before", "frozen"),
    [
        pytest.param(days(True, True, False, True), None, span(0, 1), id="up to the first that is not settled"),
        pytest.param(days(True) | {THIRD: True}, None, span(0, 0), id="up to a day that was never delivered"),
        pytest.param(days(False, True), None, None, id="nothing while the first day may change"),
        pytest.param({}, None, None, id="nothing without a day"),
        pytest.param({}, span(0, 1), span(0, 1), id="no less than before"),
        pytest.param(days(False, False, True, False), span(0, 1), span(0, 2), id="frozen days whatever they are now"),
        pytest.param(days(True, False, True, True), span(2, 3), span(0, 0), id="not up to a day that came late"),
        pytest.param(days(True, True, True, True), span(2, 3), span(0, 3), id="days that came late, once settled"),
    ],
)
def test_settled_days_are_frozen_without_a_gap(
    settled: Settled, before: DayRange | None, frozen: DayRange | None
) -> None:
    assert days_to_freeze(settled, before) == frozen


@given(st.lists(st.booleans(), max_size=20))
def test_no_day_is_frozen_that_may_change_and_none_that_is_settled_is_left_before_it(flags: list[bool]) -> None:
    settled = days(*flags)
    frozen = days_to_freeze(settled, None)
    expected = flags.index(False) if False in flags else len(flags)
    assert (len(frozen) if frozen else 0) == expected
