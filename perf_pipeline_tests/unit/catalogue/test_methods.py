"""Which satisfaction method is the headline when, and where the break stands."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perf_pipeline.catalogue.columns import COLUMNS, RATING_COUNTS
from perf_pipeline.catalogue.methods import (
    SATISFACTION_ERAS,
    SATISFACTION_METHODS,
    TOP_TWO_BOX,
    UNKNOWN_METHOD,
    WEIGHTED_MEAN,
    Era,
    eras_in_force,
    is_break,
    method_in_force,
)
from perf_pipeline.catalogue.reporting_days import ONE_DAY, month_start
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS

BACK_TO_THE_MEAN = Era(date(2027, 4, 1), WEIGHTED_MEAN.id)


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
    eras = (*SATISFACTION_ERAS, BACK_TO_THE_MEAN)
    assert [method_in_force(date(2027, month, 1), eras) for month in (3, 4)] == [TOP_TWO_BOX, WEIGHTED_MEAN]


def test_an_era_that_restates_history_rules_all_earlier_days_and_those_after_it_their_own() -> None:
    eras = (*SATISFACTION_ERAS[:1], Era(date(2026, 4, 1), TOP_TWO_BOX.id, restates_history=True), BACK_TO_THE_MEAN)
    days = [date(2020, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date(2027, 3, 31), date(2027, 4, 1)]
    assert [method_in_force(day, eras) for day in days] == [TOP_TWO_BOX] * 4 + [WEIGHTED_MEAN]


def test_the_last_era_that_restates_history_leaves_nothing_to_those_before_it() -> None:
    restating = [Era(date(year, 4, 1), TOP_TWO_BOX.id, restates_history=True) for year in (2023, 2025)]
    assert eras_in_force((SATISFACTION_ERAS[0], *restating, BACK_TO_THE_MEAN)) == (restating[1], BACK_TO_THE_MEAN)


def test_no_break_stands_where_history_was_restated_and_one_where_the_next_era_begins() -> None:
    eras = (SATISFACTION_ERAS[0], Era(date(2026, 4, 1), TOP_TWO_BOX.id, restates_history=True), BACK_TO_THE_MEAN)
    assert not is_break(date(2000, 1, 1), date(2027, 3, 31), eras)
    assert is_break(date(2027, 4, 1), date(2027, 4, 1), eras)


def test_an_era_that_goes_on_with_the_same_method_is_no_break() -> None:
    eras = (*SATISFACTION_ERAS, Era(date(2027, 4, 1), TOP_TWO_BOX.id))
    assert not is_break(date(2027, 4, 1), date(2027, 4, 30), eras)


def test_an_era_begins_with_a_month() -> None:
    with pytest.raises(ValueError, match="begins on the first day of a month, not on 2027-04-15"):
        Era(date(2027, 4, 15), WEIGHTED_MEAN.id)


@st.composite
def some_eras(draw: st.DrawFn) -> list[Era]:
    first_days = draw(st.lists(st.dates().map(month_start), min_size=1, max_size=5, unique=True))
    methods = st.sampled_from(sorted(SATISFACTION_METHODS))
    return [Era(day, draw(methods), restates_history=draw(st.booleans())) for day in sorted(first_days)]


@given(st.dates(), some_eras())
def test_a_break_stands_on_a_day_exactly_where_the_method_is_another_than_the_day_before(
    day: date, eras: list[Era]
) -> None:
    assume(day > date.min)
    before = method_in_force(day - ONE_DAY, eras)
    assert is_break(day, day, eras) == (method_in_force(day, eras) is not before)


@given(st.dates(), some_eras())
def test_an_era_added_at_the_end_changes_nothing_before_it_unless_it_restates_history(
    day: date, eras: list[Era]
) -> None:
    *before, added = eras
    assume(before and day < added.first_day)
    expected = SATISFACTION_METHODS[added.method_id] if added.restates_history else method_in_force(day, before)
    assert method_in_force(day, eras) is expected


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
    assert COLUMNS["headline_method"].allowed == (*SATISFACTION_METHODS, UNKNOWN_METHOD)


def test_eras_stand_in_order() -> None:
    first_days = [era.first_day for era in SATISFACTION_ERAS]
    assert first_days == sorted(set(first_days))


def test_the_fourteen_published_months_give_their_published_headlines() -> None:
    months = pd.DataFrame(
        [(date.fromisoformat(f"{month}-01"), *figures.ratings) for month, figures in PUBLISHED_MONTHS.items()],
        columns=["month_start", *RATING_COUNTS],
    )
    figures = with_satisfaction(months, "month_start")
    assert figures["headline_percent"].tolist() == [month.headline_percent for month in PUBLISHED_MONTHS.values()]
    assert len(figures) == 14
