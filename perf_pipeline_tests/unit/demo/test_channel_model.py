"""The counts of the stand-in Sirius: exact by month, plausible by day, growing until they are final."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.apportioning import apportion
from perf_pipeline.demo.channel_model import (
    DAYS_UNTIL_FINAL,
    ChannelCounts,
    counts_as_seen,
    online_applications,
    settled_counts,
    take_up_percent,
)
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS

DAYS = st.dates(date(2021, 1, 1), date(2040, 12, 31))


def days_of_year(year: int) -> DayRange:
    return DayRange(date(year, 1, 1), date(year, 12, 31))


def counts_of(*days: date) -> list[ChannelCounts]:
    return [counts for day in days for counts in settled_counts(day).values()]


def take_up_of(first: date) -> Decimal:
    counts = counts_of(*DayRange(first, first).whole_months())
    digital, total = sum(c.online + c.assisted for c in counts), sum(c.total for c in counts)
    return (Decimal(digital) * 100 / total).quantize(Decimal("0.1"), ROUND_HALF_UP)


def unknown_percent(day: date) -> float:
    return 100 * sum(c.unknown for c in counts_of(day)) / sum(c.total for c in counts_of(day))


@pytest.mark.parametrize("month", [month for month, figures in PUBLISHED_MONTHS.items() if figures.take_up_percent])
def test_a_month_sums_to_its_published_take_up(month: str) -> None:
    assert take_up_of(date.fromisoformat(f"{month}-01")) == Decimal(PUBLISHED_MONTHS[month].take_up_percent)


@given(st.integers(2021, 2040), st.integers(1, 12))
def test_the_days_of_any_month_sum_to_the_take_up_of_the_month(year: int, month: int) -> None:
    assert take_up_of(date(year, month, 1)) == take_up_percent(year, month)


def test_take_up_is_plausible_before_and_after_the_published_months() -> None:
    for years, lowest, highest in ((range(2021, 2025), 35, 37), (range(2027, 2041), 38, 41)):
        assert all(lowest <= take_up_percent(year, month) <= highest for year in years for month in range(1, 13))


@given(DAYS)
def test_no_count_is_negative_and_a_day_is_told_the_same_way_twice(day: date) -> None:
    counts = settled_counts(day)
    assert list(counts) == ["hw", "pfa"]
    assert all(count >= 0 for c in counts.values() for count in c.by_channel().values())
    assert settled_counts(day) == counts


def test_a_day_is_the_same_on_every_machine() -> None:
    assert settled_counts(date(2026, 6, 1)) == {
        "hw": ChannelCounts(online=809, assisted=4, paper=1472, phone=0, other=5, unknown=9),
        "pfa": ChannelCounts(online=1009, assisted=4, paper=1839, phone=0, other=7, unknown=8),
    }


@pytest.mark.parametrize("year", [2022, 2026, 2031])
def test_a_year_has_about_1_4_million_applications_of_which_pfa_is_55_percent(year: int) -> None:
    pfa = sum(settled_counts(day)["pfa"].total for day in days_of_year(year))
    total = sum(c.total for c in counts_of(*days_of_year(year)))
    assert 1_370_000 < total < 1_430_000
    assert 0.54 < pfa / total < 0.56


def test_little_paper_and_less_online_comes_at_the_weekend() -> None:
    weekdays, weekends = (
        counts_of(*(day for day in days_of_year(2026) if (day.weekday() >= 5) is at_weekend))
        for at_weekend in (False, True)
    )
    assert sum(c.paper for c in weekends) * 10 < sum(c.paper for c in weekdays)
    assert sum(c.online for c in weekends) * 2 < sum(c.online for c in weekdays)


@pytest.mark.parametrize("year", [2022, 2024, 2026])
def test_unknown_goes_above_one_percent_on_a_few_days_a_year(year: int) -> None:
    assert 1 <= sum(unknown_percent(day) > 1 for day in days_of_year(year)) <= 8


@given(DAYS)
def test_online_applications_are_the_online_channel_of_both_subtypes(day: date) -> None:
    assert online_applications(day) == sum(c.online for c in counts_of(day))


@given(DAYS, st.integers(0, DAYS_UNTIL_FINAL - 1))
def test_late_scanning_only_ever_adds_paper_and_other(day: date, age_days: int) -> None:
    earlier = counts_as_seen(day, day + timedelta(days=age_days))
    later = counts_as_seen(day, day + timedelta(days=age_days + 1))
    assert not earlier.is_final
    for subtype, before in earlier.counts.items():
        after = later.counts[subtype]
        assert before.paper <= after.paper
        assert before.other <= after.other
        assert replace(before, paper=after.paper, other=after.other) == after


@given(DAYS)
def test_a_day_is_final_and_settled_after_ninety_days_and_not_a_day_sooner(day: date) -> None:
    final = counts_as_seen(day, day + timedelta(days=90))
    assert final.is_final
    assert final.counts == settled_counts(day)
    assert not counts_as_seen(day, day + timedelta(days=89)).is_final


def test_a_weekday_seen_the_next_morning_lacks_much_of_its_paper() -> None:
    seen = counts_as_seen(date(2026, 6, 1), date(2026, 6, 2)).counts["hw"].paper
    assert 0.5 < seen / settled_counts(date(2026, 6, 1))["hw"].paper < 0.8


def test_a_night_sees_some_of_the_last_ninety_days_change_and_not_all() -> None:
    tonight = date(2026, 9, 1)
    changed = [
        age
        for age in range(1, 91)
        if (day := tonight - timedelta(days=age))
        and counts_as_seen(day, tonight) != counts_as_seen(day, tonight - timedelta(days=1))
    ]
    assert 10 <= len(changed) <= 30


def test_a_day_cannot_be_seen_before_it_begins() -> None:
    with pytest.raises(ValueError, match="2026-06-02 has not begun on 2026-06-01"):
        counts_as_seen(date(2026, 6, 2), date(2026, 6, 1))


@given(st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=40))
def test_shares_sum_to_the_total_and_are_less_than_one_off(total: int, weights: list[int]) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share * sum(weights) - total * weight) < sum(weights) for share, weight in zip(shares, weights, strict=True)
    )
