"""Which satisfaction method is the headline when, and where the break stands."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.columns import COLUMNS, RATING_COUNTS
from perf_pipeline.catalogue.methods import (
    SATISFACTION_ERAS,
    SATISFACTION_METHODS,
    TOP_TWO_BOX,
    WEIGHTED_MEAN,
    Era,
    is_break,
    method_in_force,
)
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.demo.published_months import PUBLISHED_HEADLINE_PERCENT, PUBLISHED_RATINGS


@pytest.mark.parametrize(
    ("day", "method"),
    [
        (date(2020, 1, 1), WEIGHTED_MEAN),
        (date(2021, 3, 1), WEIGHTED_MEAN),
        (date(2026, 3, 31), WEIGHTED_MEAN),
        (date(2026, 4, 1), TOP_TWO_BOX),
        (date(2030, 1, 1), TOP_TWO_BOX),
    ],
)
def test_an_era_lasts_until_the_day_before_the_next(day: date, method: object) -> None:
    assert method_in_force(day) is method


def test_a_further_era_takes_over_on_its_first_day() -> None:
    eras = (*SATISFACTION_ERAS, Era(date(2027, 4, 1), WEIGHTED_MEAN.id))
    assert [method_in_force(date(2027, month, 1), eras) for month in (3, 4)] == [TOP_TWO_BOX, WEIGHTED_MEAN]


def test_an_era_begins_with_a_month() -> None:
    with pytest.raises(ValueError, match="begins on the first day of a month, not on 2027-04-15"):
        Era(date(2027, 4, 15), WEIGHTED_MEAN.id)


@given(st.dates(), st.dates())
def test_two_days_have_different_methods_exactly_where_a_break_lies_between_them(one: date, other: date) -> None:
    first, last = sorted((one, other))
    crosses = is_break(first, last) and not is_break(first, first)
    assert (method_in_force(first) is not method_in_force(last)) == crosses


@pytest.mark.parametrize(
    ("first", "last", "breaks"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), False),
        (date(2026, 4, 1), date(2026, 4, 30), True),
        (date(2026, 4, 1), date(2026, 4, 1), True),
        (date(2026, 4, 2), date(2026, 4, 2), False),
        (date(2026, 5, 1), date(2026, 5, 31), False),
        (date(2021, 3, 1), date(2021, 3, 31), False),  # the first era follows upon nothing
    ],
)
def test_the_break_stands_on_the_first_period_of_a_new_method_alone(first: date, last: date, breaks: bool) -> None:
    assert is_break(first, last) is breaks


def test_every_method_has_a_column_of_its_own_and_every_era_a_method() -> None:
    assert all(method.column in COLUMNS for method in SATISFACTION_METHODS.values())
    assert all(era.method_id in SATISFACTION_METHODS for era in SATISFACTION_ERAS)
    assert COLUMNS["headline_method"].allowed == tuple(SATISFACTION_METHODS)


def test_eras_stand_in_order() -> None:
    first_days = [era.first_day for era in SATISFACTION_ERAS]
    assert first_days == sorted(set(first_days))


def test_the_fourteen_published_months_give_their_published_headlines() -> None:
    months = pd.DataFrame(
        [(date.fromisoformat(f"{month}-01"), *ratings) for month, ratings in PUBLISHED_RATINGS.items()],
        columns=["month_start", *RATING_COUNTS],
    )
    figures = with_satisfaction(months, "month_start")
    headlines = dict(zip(PUBLISHED_RATINGS, map(int, figures["headline_percent"]), strict=True))
    assert headlines == PUBLISHED_HEADLINE_PERCENT
    assert len(headlines) == 14
