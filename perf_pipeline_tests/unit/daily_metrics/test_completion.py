"""Completion: events of the period, cohorts of its starts, and the total of all types."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.datasets import COHORT_COUNTS, DATASETS, STATE_COUNTS
from perf_pipeline.catalogue.dimensions import LPA_TYPES
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import with_created_per_started
from perf_pipeline.daily_metrics.completion_rate import with_cohort_rate
from perf_pipeline.daily_metrics.totals import with_totals
from perf_pipeline.monthly_metrics.completion_rate import with_cohorts
from perf_pipeline.published.completion_rate import with_cohorts_of_the_day

DAY = date(2026, 5, 1)
KEYS = ("service", "report_date")


@pytest.mark.parametrize(
    ("started", "created", "percentage"),
    [(4, 1, Decimal("25.00")), (2, 3, Decimal("150.00")), (0, 7, None), (3, 0, Decimal("0.00")), (0, 0, None)],
)
def test_created_per_started_may_exceed_100_and_is_none_when_nothing_was_started(
    started: int, created: int, percentage: Decimal | None
) -> None:
    counts = pd.DataFrame({"started_count": [started], "created_count": [created]})
    assert with_created_per_started(counts)["created_per_started_percent"].tolist() == [percentage]


def test_the_completion_rate_is_created_of_the_cohort_and_not_completed() -> None:
    counts = pd.DataFrame([(8, 6, 1)], columns=list(COHORT_COUNTS))
    assert with_cohort_rate(counts)["cohort_completion_percent"].tolist() == [Decimal("75.00")]


def test_a_cohort_of_nobody_has_no_rate() -> None:
    counts = pd.DataFrame([(0, 0, 0)], columns=list(COHORT_COUNTS))
    assert with_cohort_rate(counts)["cohort_completion_percent"].tolist() == [None]


def test_a_day_can_complete_the_cohorts_of_the_90_days_before_it() -> None:
    touched = DATASETS["daily_completion_rate"].touched_by(DayRange(DAY, DAY))
    assert (touched.first, touched.last) == (DAY - timedelta(days=90), DAY)


def by_type(*rows: tuple[str, int, int, bool]) -> pd.DataFrame:
    return pd.DataFrame(
        [("make-a-lpa", DAY, *row) for row in rows],
        columns=[*KEYS, "lpa_type", "started_count", "created_count", "is_provisional"],
    )


def totals_of(counts: pd.DataFrame) -> pd.DataFrame:
    return with_totals(counts, KEYS, ("started_count", "created_count"), ("is_provisional",))


def test_the_total_is_the_sum_of_the_types_and_stands_first() -> None:
    counts = by_type(
        ("unknown", 1, 0, False), ("health-and-welfare", 2, 5, False), ("property-and-financial", 4, 6, False)
    )
    totals = totals_of(counts)
    assert totals[["lpa_type", "started_count", "created_count"]].to_numpy().tolist() == [
        ["all", 7, 11],
        ["health-and-welfare", 2, 5],
        ["property-and-financial", 4, 6],
        ["unknown", 1, 0],
    ]


@pytest.mark.parametrize(("flags", "total"), [((False, False), False), ((True, False), True), ((True, True), True)])
def test_a_total_is_provisional_where_any_part_is(flags: tuple[bool, bool], total: bool) -> None:
    counts = by_type(("unknown", 1, 0, flags[0]), ("health-and-welfare", 2, 5, flags[1]))
    totals = totals_of(counts)
    assert totals["is_provisional"].tolist() == [total, flags[1], flags[0]]


def test_days_and_services_have_totals_of_their_own() -> None:
    one = by_type(("unknown", 1, 0, False))
    other = one.assign(report_date=DAY + timedelta(days=1), started_count=20)
    elsewhere = one.assign(service="use-an-lpa", started_count=300)
    totals = totals_of(pd.concat([one, other, elsewhere]))
    assert totals.loc[totals["lpa_type"] == "all", "started_count"].tolist() == [1, 20, 300]


def test_no_counts_give_no_total() -> None:
    assert totals_of(by_type()).empty


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=3, max_size=3))
def test_totals_add_up_for_any_counts(counts: list[tuple[int, int]]) -> None:
    rows = by_type(*((kind, *pair, False) for kind, pair in zip(LPA_TYPES, counts, strict=True)))
    total = totals_of(rows).iloc[0]
    assert (total["started_count"], total["created_count"]) == tuple(map(sum, zip(*counts, strict=True)))


def month(name: str, columns: tuple[str, ...], counts: tuple[int, ...], *, is_provisional: bool) -> pd.DataFrame:
    keys = ["service", name, "lpa_type"]
    return pd.DataFrame(
        [("make-a-lpa", date(2026, 5, 1), "all", *counts, is_provisional)], columns=[*keys, *columns, "is_provisional"]
    )


def of_days(frame: pd.DataFrame, included: int = 31) -> pd.DataFrame:
    """A month of so many of its 31 days."""
    return frame.assign(days_included_count=included, days_expected_count=31, is_estimated=False)


@pytest.mark.parametrize(
    ("events", "cohort", "together"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_a_month_is_provisional_while_its_events_or_its_cohort_are(events: bool, cohort: bool, together: bool) -> None:
    months = with_cohorts(
        of_days(month("month_start", STATE_COUNTS, (10, 8, 7, 3), is_provisional=events)),
        of_days(month("month_start", COHORT_COUNTS, (10, 9, 6), is_provisional=cohort)),
    )
    assert months["is_provisional"].tolist() == [together]
    assert months["created_per_started_percent"].tolist() == [Decimal("80.00")]
    assert months["cohort_completion_percent"].tolist() == [Decimal("90.00")]


def test_a_month_that_lacks_a_cohort_says_so_even_with_every_event() -> None:
    (row,) = with_cohorts(
        of_days(month("month_start", STATE_COUNTS, (10, 8, 7, 3), is_provisional=False)),
        of_days(month("month_start", COHORT_COUNTS, (10, 9, 6), is_provisional=True), included=30),
    ).to_dict("records")
    assert (row["days_included_count"], row["days_expected_count"]) == (30, 31)
    assert (row["is_provisional"], row["is_estimated"]) == (True, True)


def test_a_published_day_is_provisional_while_its_cohort_is() -> None:
    cohorts = month("report_date", COHORT_COUNTS, (10, 9, 6), is_provisional=True)
    days = with_cohorts_of_the_day(
        month("report_date", STATE_COUNTS, (10, 8, 7, 3), is_provisional=False), with_cohort_rate(cohorts)
    )
    assert days["is_provisional"].tolist() == [True]
    assert days["cohort_completion_percent"].tolist() == [Decimal("90.00")]
