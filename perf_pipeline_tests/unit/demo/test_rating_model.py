"""The stand-in world's ratings: published months to the digit, the others plausible, all of them for ever the same."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS
from perf_pipeline.demo.rating_model import MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE, daily_ratings


def month_sums(page: str, month: str) -> tuple[int, ...]:
    first = date.fromisoformat(f"{month}-01")
    days = DayRange(first, first).whole_months()
    return tuple(map(sum, zip(*(daily_ratings(page, day) for day in days), strict=True)))


@pytest.mark.parametrize("month", PUBLISHED_MONTHS)
def test_the_days_of_a_published_month_add_up_to_it_exactly(month: str) -> None:
    assert month_sums(MAKE_AN_LPA_PAGE, month) == tuple(reversed(PUBLISHED_MONTHS[month].ratings))


@pytest.mark.parametrize("month", ["2019-02", "2025-04", "2026-07", "2026-12", "2028-02", "2035-10"])
def test_other_months_are_generated_within_plausible_bounds_without_end(month: str) -> None:
    one, two, three, four, five = month_sums(MAKE_AN_LPA_PAGE, month)
    total = one + two + three + four + five
    assert 11_000 <= total <= 21_000
    assert 88.5 <= (four + five) / total * 100 < 91.5
    assert 2_400 <= sum(month_sums(USE_AN_LPA_PAGE, month)) <= 3_300


def test_weekends_and_bank_holidays_are_quieter_than_other_days() -> None:
    by_weekday = [sum(daily_ratings(MAKE_AN_LPA_PAGE, day)) for day in DayRange(date(2026, 6, 1), date(2026, 6, 7))]
    assert max(by_weekday[5:]) < 0.7 * min(by_weekday[:5])
    holiday, week_later = (
        daily_ratings(MAKE_AN_LPA_PAGE, date(2026, 5, 4)),
        daily_ratings(MAKE_AN_LPA_PAGE, date(2026, 5, 11)),
    )
    assert sum(holiday) < 0.7 * sum(week_later)


def test_the_smaller_service_has_days_on_which_nobody_answers() -> None:
    assert daily_ratings(USE_AN_LPA_PAGE, date(2025, 12, 25)) == (0, 0, 0, 0, 0)
    assert daily_ratings(USE_AN_LPA_PAGE, date(2026, 5, 17)) == (0, 0, 0, 0, 0)


def test_the_figures_are_the_same_on_every_machine() -> None:
    assert daily_ratings("lasting-power-of-attorney", date(2026, 7, 1)) == (8, 7, 42, 169, 351)


def test_the_model_knows_no_other_page() -> None:
    with pytest.raises(KeyError):
        daily_ratings("renew-driving-licence", date(2026, 7, 1))


@given(st.sampled_from([MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE]), st.dates(date(2010, 1, 1), date(2060, 12, 31)))
def test_no_day_has_a_negative_count(page: str, day: date) -> None:
    assert min(daily_ratings(page, day)) >= 0
