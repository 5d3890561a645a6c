"""Digital take-up: online and assisted of all channels, and what makes a day whole or an estimate."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.daily_metrics.digital_take_up import whole_days, with_take_up

DAY = date(2026, 5, 1)


def take_up_of(online: int, assisted: int, paper: int, phone: int, other: int, unknown: int) -> dict[str, object]:
    channels = (online, assisted, paper, phone, other, unknown)
    counts = pd.DataFrame([(*channels, sum(channels))], columns=list(TAKE_UP_COUNTS))
    return {str(name): value for name, value in with_take_up(counts).iloc[0].items()}


def test_digital_is_online_and_assisted() -> None:
    assert take_up_of(3, 1, 2, 1, 1, 0)["digital_take_up_percent"] == Decimal("50.00")


def test_unknown_channels_are_in_the_denominator() -> None:
    assert take_up_of(3, 0, 0, 0, 0, 1)["digital_take_up_percent"] == Decimal("75.00")


def test_nothing_received_gives_no_share_and_no_estimate() -> None:
    figure = take_up_of(0, 0, 0, 0, 0, 0)
    assert figure["digital_take_up_percent"] is None
    assert not figure["is_estimated"]


@pytest.mark.parametrize(("known", "unknown", "is_estimated"), [(990, 10, False), (989, 10, True), (99, 0, False)])
def test_more_than_one_per_cent_of_unknown_channel_makes_an_estimate(
    known: int, unknown: int, is_estimated: bool
) -> None:
    assert take_up_of(known, 0, 0, 0, 0, unknown)["is_estimated"] == is_estimated


@given(*[st.integers(0, 10**9)] * 6)
def test_the_share_is_between_0_and_100_for_any_counts(
    online: int, assisted: int, paper: int, phone: int, other: int, unknown: int
) -> None:
    share = take_up_of(online, assisted, paper, phone, other, unknown)["digital_take_up_percent"]
    assert share is None or (isinstance(share, Decimal) and 0 <= share <= 100)


def rows_of(*keys: tuple[str, date, str]) -> pd.DataFrame:
    return pd.DataFrame(keys, columns=["service", "report_date", "lpa_type"])


def test_a_day_with_both_types_is_whole() -> None:
    rows = rows_of(("make-a-lpa", DAY, "health-and-welfare"), ("make-a-lpa", DAY, "property-and-financial"))
    assert len(whole_days(rows)) == 2


def test_a_day_that_lacks_a_type_is_left_out_without_harm_to_its_neighbours() -> None:
    later = DAY + timedelta(days=1)
    rows = rows_of(
        ("make-a-lpa", DAY, "health-and-welfare"),
        ("make-a-lpa", later, "health-and-welfare"),
        ("make-a-lpa", later, "property-and-financial"),
    )
    assert whole_days(rows)["report_date"].tolist() == [later, later]


def test_types_of_two_services_do_not_make_one_whole_day() -> None:
    rows = rows_of(("make-a-lpa", DAY, "health-and-welfare"), ("use-an-lpa", DAY, "property-and-financial"))
    assert whole_days(rows).empty


def test_no_rows_are_no_whole_days() -> None:
    assert whole_days(rows_of()).empty
