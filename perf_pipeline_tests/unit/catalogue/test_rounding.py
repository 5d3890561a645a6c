"""Percentages are rounded once, half up, from whole counts."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.rounding import percent, percent_column

counts = st.integers(min_value=0, max_value=10**12)
some = st.integers(min_value=1, max_value=10**12)
places = st.integers(min_value=0, max_value=4)


@given(counts, some, places)
def test_a_percentage_is_the_exact_quotient_rounded_half_up(numerator: int, denominator: int, decimals: int) -> None:
    with localcontext(prec=80):
        exact = Decimal(numerator) * 100 / Decimal(denominator)
        expected = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert percent(numerator, denominator, decimals=decimals) == expected


@given(counts, places)
def test_nothing_to_divide_by_gives_none(numerator: int, decimals: int) -> None:
    assert percent(numerator, 0, decimals=decimals) is None


@given(some, places)
def test_a_part_of_something_is_never_none_and_between_0_and_100(denominator: int, decimals: int) -> None:
    shares = [percent(part, denominator, decimals=decimals) for part in (0, denominator // 2, denominator)]
    assert all(share is not None and 0 <= share <= 100 for share in shares)
    assert [shares[0], shares[-1]] == [Decimal(0), Decimal(100)]


@pytest.mark.parametrize(
    ("numerator", "denominator", "decimals", "expected"),
    [
        (845, 1000, 0, "85"),  # round() would give 84, the even neighbour
        (855, 1000, 0, "86"),
        (8445, 10000, 1, "84.5"),
        (1, 8, 2, "12.50"),
        (1, 3, 2, "33.33"),
        (2, 3, 2, "66.67"),
        (1, 200000, 2, "0.00"),
        (1, 20000, 2, "0.01"),
        (3, 2, 2, "150.00"),
    ],
)
def test_halves_go_up_and_every_place_is_written(
    numerator: int, denominator: int, decimals: int, expected: str
) -> None:
    assert str(percent(numerator, denominator, decimals=decimals)) == expected


def test_a_column_of_counts_gives_a_column_of_decimals_and_nones_on_the_same_index() -> None:
    share = percent_column(pd.Series([1, 0, 0], index=[7, 8, 9]), pd.Series([4, 5, 0], index=[7, 8, 9]))
    assert share.to_dict() == {7: Decimal("25.00"), 8: Decimal("0.00"), 9: None}
