"""What a breakdown hides, and that nobody can reckon it from what it shows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_pipeline.catalogue.disclosure import COMPLETION, TAKE_UP, Breakdown, Cells
from perf_pipeline.published import suppressing
from perf_pipeline.published.suppressing import Hidden, hidden_of_day, hidden_of_month, suppressed_days
from perf_pipeline_tests.attacking import bounds, found_out, shown, small_cells, solved, summed

COUNTED = Breakdown(("started_count",), moves=((1,),))
CREATED = Breakdown(("created_count", "created_same_day_count"), moves=((1, 0), (1, 1)), parts=((1, 0),))
CHANNELS = Breakdown(
    ("online_count", "other_count", "unknown_count", "total_count"),
    moves=((1, -1, 0, 0), (1, 0, -1, 0), (0, 1, -1, 0), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1)),
    blocks=(frozenset({1, 2}), frozenset({0, 1, 2})),
)


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ((100, 90, 0), (100, 90, 0)),
        ((100, 90, 5), (100, 90, 5)),
        ((100, 90, 4), (100, None, None)),
        ((100, 98, 4), (None, None, None)),
        ((9, 0, 1), (9, None, None)),
        ((4, 0, 0), (None, None, None)),
    ],
)
def test_a_small_count_hides_its_type_and_others_but_one_of_more_than_half(
    counts: tuple[int, ...], seen: tuple[int | None, ...]
) -> None:
    cells = tuple((count,) for count in counts)
    assert shown(cells, hidden_of_day(cells, COUNTED)) == tuple((count,) for count in seen)


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (((60, 5, 40, 0, 6, 9, 120), (70, 0, 50, 0, 6, 7, 133)), {0, 1, 2, 3, 4, 5, 6}),
        (((60, 5, 40, 0, 3, 9, 117), (70, 0, 50, 0, 6, 7, 133)), {0, 1, 2, 6}),
        (((60, 2, 40, 0, 6, 9, 117), (70, 9, 50, 0, 6, 7, 142)), {0, 2, 6}),
        (((3, 8, 40, 0, 6, 9, 66), (70, 0, 50, 0, 6, 7, 133)), {6}),
        (((3, 0, 0, 0, 0, 0, 3), (70, 0, 50, 0, 6, 7, 133)), set()),
        (((0, 0, 0, 0, 0, 0, 0), (70, 2, 50, 0, 6, 7, 135)), set()),
    ],
)
def test_a_small_channel_hides_the_fewest_channels_of_both_types_that_keep_it(rows: Cells, seen: set[int]) -> None:
    hidden = hidden_of_day(rows, TAKE_UP)
    assert hidden == {(row, column) for row in (0, 1) for column in range(7) if column not in seen}


@pytest.mark.parametrize("total", range(40))
@pytest.mark.parametrize("types", [2, 3])
def test_no_small_count_of_a_day_is_found_out_by_trying_every_table(total: int, types: int) -> None:
    assert found_out([(total,)], types, COUNTED) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12).flatmap(lambda created: st.tuples(st.just(created), st.integers(0, min(created, 5)))))
def test_no_small_part_of_a_count_is_found_out_through_the_whole(totals: tuple[int, int]) -> None:
    assert found_out([totals], 3, CREATED) == []


@settings(max_examples=30, deadline=None)
@given(st.tuples(st.integers(0, 14), st.integers(0, 11), st.integers(0, 8)))
def test_no_small_channel_of_a_day_is_found_out_through_the_others(totals: tuple[int, int, int]) -> None:
    assert found_out([totals], 2, CHANNELS) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9).map(lambda total: (total,)), min_size=2, max_size=2))
def test_no_small_count_is_found_out_through_the_month_by_trying_every_table(totals: list[tuple[int]]) -> None:
    assert found_out(totals, 3, COUNTED) == []


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(20, 44).map(lambda total: (total,)), min_size=2, max_size=2))
def test_no_small_count_is_found_out_through_a_large_month(totals: list[tuple[int]]) -> None:
    assert found_out(totals, 2, COUNTED) == []


@pytest.mark.parametrize(
    ("totals", "types", "breakdown"),
    [
        ([(9,), (12,)], 3, COUNTED),
        ([(9,), (7,), (13,)], 2, COUNTED),
        ([(12, 2, 2), (8, 1, 3)], 2, CHANNELS),
    ],
)
def test_no_small_count_is_found_out_where_months_are_shown_sooner(
    monkeypatch: pytest.MonkeyPatch, totals: list[tuple[int, ...]], types: int, breakdown: Breakdown
) -> None:
    """With a lower limit there are months to try that show what their days hide, and few enough tables."""
    monkeypatch.setattr(suppressing, "SMALLEST_DENOMINATOR", 8)
    assert found_out(totals, types, breakdown) == []


levels = st.sampled_from((0, 1, 2, 5, 12, 60))


def row_of_states(level: int) -> st.SearchStrategy[tuple[int, ...]]:
    counts = st.tuples(*(st.integers(0, level),) * 6)
    return counts.map(
        lambda some: (
            some[0],
            some[1],
            some[2],
            min(some[1], some[3]),
            some[0],
            min(some[0], some[4]),
            min(some[0], some[5]),
        )
    )


def row_of_channels(level: int) -> st.SearchStrategy[tuple[int, ...]]:
    small = min(level, 6)
    counts = st.tuples(*(st.integers(0, most) for most in (level, small, level, min(small, 1), small, small)))
    return counts.map(lambda some: (*some, sum(some)))


completion_months = st.tuples(levels, levels, levels).flatmap(
    lambda sizes: st.lists(st.tuples(*map(row_of_states, sizes)), min_size=1, max_size=8)
)
take_up_months = st.tuples(levels, levels).flatmap(
    lambda sizes: st.lists(st.tuples(*map(row_of_channels, sizes)), min_size=1, max_size=8)
)


def determined(days: Sequence[Cells], hidden_month: Hidden, breakdown: Breakdown) -> list[tuple[int, int, int]]:
    """Small counts of the days or the month that the published sums leave one value for."""
    tables = [*days, summed(days)]
    hidden = [*(hidden_of_day(day, breakdown) for day in days), hidden_month]
    known, found = bounds(tables, hidden, breakdown), solved(tables, hidden, breakdown)
    return [cell for cell in small_cells(tables) if known[cell][0] == known[cell][1] or cell in found]


@settings(max_examples=120, deadline=None)
@given(completion_months)
def test_no_small_state_is_determined_by_the_published_sums(days: list[Cells]) -> None:
    assert determined(days, hidden_of_month(summed(days), days, COMPLETION), COMPLETION) == []


@settings(max_examples=120, deadline=None)
@given(take_up_months)
def test_no_small_channel_is_determined_by_the_published_sums(days: list[Cells]) -> None:
    assert determined(days, hidden_of_month(summed(days), days, TAKE_UP), TAKE_UP) == []


def test_the_attack_finds_what_a_month_would_give_away() -> None:
    days: list[Cells] = [((60,), (50,), (0,)), ((60,), (50,), (3,))]
    assert determined(days, frozenset(), COUNTED) == [(1, 2, 0), (2, 2, 0)]
    assert determined(days, hidden_of_month(summed(days), days, COUNTED), COUNTED) == []


def test_the_attack_finds_a_count_whose_second_cell_is_shown() -> None:
    day: Cells = ((60,), (50,), (3,))
    hidden: list[Hidden] = [frozenset({(2, 0)})] * 2
    assert bounds([day, day], hidden, COUNTED)[0, 2, 0] == (3, 3)
    assert solved([day, day], hidden, COUNTED) == {(0, 2, 0), (1, 2, 0)}


@pytest.mark.parametrize(
    ("small", "is_shown"), [((2, 2), True), ((1, 3), True), ((1, 1), False), ((4, 4), False), ((3,), False)]
)
def test_a_month_is_shown_where_its_small_days_can_be_otherwise(small: tuple[int, ...], is_shown: bool) -> None:
    """Two days that sum to 2 are both 1, two that sum to 8 are both 4."""
    large: list[Cells] = [((90,), (50,), (40,))]
    days = large + [((60,), (50,), (count,)) for count in small]
    month = summed(days)
    hidden = hidden_of_month(month, days, COUNTED)
    assert hidden == (frozenset() if is_shown else {(1, 0), (2, 0)})


def test_a_month_shows_what_its_days_show() -> None:
    days: list[Cells] = [((60,), (50,), (1,)), ((90,), (40,), (0,))]
    assert hidden_of_month(summed(days), days, COUNTED) == {(1, 0), (2, 0)}


def test_a_month_that_its_days_do_not_add_up_to_is_hidden() -> None:
    days: list[Cells] = [((60,), (50,), (40,))]
    assert len(hidden_of_month(((61,), (50,), (40,)), days, COUNTED)) == 3


def take_up_figures(*rows: dict[str, object]) -> pd.DataFrame:
    whole = {"service": "make-a-lpa", "period_start": date(2026, 5, 1), "markers": ""}
    return pd.DataFrame([whole | row for row in rows], dtype=object)


def counts(*values: int) -> dict[str, object]:
    return dict(zip(TAKE_UP.columns, values, strict=True))


def test_rows_of_all_types_stay_as_they_are_and_the_others_tell_that_something_is_hidden() -> None:
    figures = take_up_figures(
        {"lpa_type": "all", **counts(12, 0, 9, 0, 1, 8, 30), "digital_take_up_percent": Decimal("40.00")},
        {"lpa_type": "health-and-welfare", **counts(6, 0, 9, 0, 1, 4, 20), "digital_take_up_percent": Decimal("30.00")},
        {"lpa_type": "property-and-financial", **counts(6, 0, 0, 0, 0, 4, 10), "digital_take_up_percent": Decimal(60)},
    )
    seen = suppressed_days(figures, TAKE_UP).set_index("lpa_type")
    assert seen.loc["all"].to_dict() == figures.set_index("lpa_type").loc["all"].to_dict()
    assert seen.loc["health-and-welfare", "markers"] == "[c]"
    assert seen.loc["health-and-welfare", "unknown_count"] is None


@pytest.mark.parametrize(("total", "percent"), [(29, None), (30, Decimal("50.00"))])
def test_a_percentage_of_fewer_than_thirty_is_hidden_and_marked(total: int, percent: Decimal | None) -> None:
    row = {**counts(15, 0, total - 15, 0, 0, 0, total), "digital_take_up_percent": Decimal("50.00")}
    figures = take_up_figures({"lpa_type": "health-and-welfare", **row}, {"lpa_type": "property-and-financial", **row})
    seen = suppressed_days(figures, TAKE_UP)
    assert seen["digital_take_up_percent"].tolist() == [percent, percent]
    assert seen["markers"].tolist() == ["" if percent else "[c]"] * 2
    assert seen["total_count"].tolist() == [total, total]


def test_a_mark_that_would_tell_of_a_hidden_count_is_that_of_the_total() -> None:
    """[e] stands where more than 1 % are of unknown channel: of two types, only the one that has it would carry it."""
    percents: dict[str, object] = {"digital_take_up_percent": None}
    figures = take_up_figures(
        {"lpa_type": "all", **counts(160, 0, 12, 0, 10, 1, 183), **percents},
        {"lpa_type": "health-and-welfare", **counts(80, 0, 6, 0, 5, 1, 92), **percents, "markers": "[e][p]"},
        {"lpa_type": "property-and-financial", **counts(80, 0, 6, 0, 5, 0, 91), **percents, "markers": "[p]"},
    )
    assert suppressed_days(figures, TAKE_UP)["markers"].tolist() == ["", "[c][p]", "[c][p]"]
