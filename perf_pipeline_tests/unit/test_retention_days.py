"""Which days are frozen: the unbroken run of settled days from the first one on."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.retention import days_to_freeze

FIRST = date(2024, 1, 1)
Settled = dict[date, bool]


def days(*flags: bool) -> Settled:
    """Days from the first one on, settled or not."""
    return {FIRST + timedelta(days=place): flag for place, flag in enumerate(flags)}


def span(first: int, last: int) -> DayRange:
    return DayRange(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


def test_settled_days_are_frozen_up_to_the_first_that_is_not() -> None:
    assert days_to_freeze(days(True, True, False, True), None) == span(0, 1)


def test_a_day_that_nobody_ever_asked_for_ends_the_run() -> None:
    settled = days(True, True, True)
    del settled[FIRST + timedelta(days=1)]
    assert days_to_freeze(settled, None) == span(0, 0)


def test_nothing_is_frozen_while_the_first_day_may_change() -> None:
    assert days_to_freeze(days(False, True), None) is None
    assert days_to_freeze({}, None) is None


def test_what_was_frozen_stays_so_whatever_is_said_of_it_later() -> None:
    assert days_to_freeze(days(False, False, True, False), span(0, 1)) == span(0, 2)


def test_earlier_days_that_were_added_join_once_they_are_settled() -> None:
    assert days_to_freeze(days(True, False, True, True), span(2, 3)) == span(0, 0)
    assert days_to_freeze(days(True, True, True, True), span(2, 3)) == span(0, 3)


@given(st.lists(st.booleans(), max_size=20))
def test_no_day_is_frozen_that_may_change_and_none_that_is_settled_is_left_before_it(flags: list[bool]) -> None:
    settled = days(*flags)
    frozen = days_to_freeze(settled, None)
    expected = flags.index(False) if False in flags else len(flags)
    assert (len(frozen) if frozen else 0) == expected
