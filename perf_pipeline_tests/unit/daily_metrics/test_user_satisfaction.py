"""Five counts in, both percentages and the headline out."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.flow.figures_shown import headline_rows

OLD, NEW = date(2026, 3, 31), date(2026, 4, 1)
ratings = st.tuples(*[st.integers(0, 10**7)] * 5)


def figures_of(*rows: tuple[date, tuple[int, ...]]) -> pd.DataFrame:
    counts = pd.DataFrame([(day, *counts) for day, counts in rows], columns=["report_date", *RATING_COUNTS])
    return with_satisfaction(counts, "report_date")


def figure_of(day: date, counts: tuple[int, ...]) -> dict[str, object]:
    return {str(name): value for name, value in figures_of((day, counts)).iloc[0].items()}


@pytest.mark.parametrize(
    ("day", "headline", "method"), [(OLD, Decimal(86), "weighted_mean"), (NEW, Decimal(89), "top_two_box")]
)
def test_the_headline_is_the_method_in_force_and_names_it(day: date, headline: Decimal, method: str) -> None:
    figure = figure_of(day, (8731, 4593, 1098, 211, 262))
    assert (figure["headline_percent"], figure["headline_method"]) == (headline, method)


def test_both_methods_are_there_in_every_era() -> None:
    for day in (OLD, NEW):
        figure = figure_of(day, (8731, 4593, 1098, 211, 262))
        assert figure["satisfied_percent"] == Decimal("89.45")
        assert figure["satisfaction_score_percent"] == Decimal("85.78")


def test_responses_are_the_sum_of_the_five() -> None:
    assert figure_of(OLD, (5, 4, 3, 2, 1))["responses_count"] == 15


def test_no_responses_give_no_percentage_rather_than_0_or_100() -> None:
    figure = figure_of(NEW, (0, 0, 0, 0, 0))
    assert figure["responses_count"] == 0
    assert [figure[name] for name in ("satisfied_percent", "satisfaction_score_percent", "headline_percent")] == [
        None
    ] * 3
    assert figure["headline_method"] == "top_two_box"


def test_the_headline_is_rounded_from_counts_and_never_from_a_rounded_percentage() -> None:
    figure = figure_of(NEW, (84496, 0, 0, 0, 15504))  # 84.496: rounded to 84.50 first it would become 85
    assert (figure["satisfied_percent"], figure["headline_percent"]) == (Decimal("84.50"), Decimal(84))


def test_the_headline_is_rounded_half_up() -> None:
    assert figure_of(NEW, (169, 0, 0, 0, 31))["headline_percent"] == Decimal(85)  # 84.5


@pytest.mark.parametrize(
    ("counts", "score", "satisfied"),
    [((9, 0, 0, 0, 0), 100, 100), ((0, 9, 0, 0, 0), 75, 100), ((0, 0, 9, 0, 0), 50, 0), ((0, 0, 0, 9, 0), 25, 0)],
)
def test_a_rating_weighs_what_its_method_says(counts: tuple[int, ...], score: int, satisfied: int) -> None:
    figure = figure_of(OLD, counts)
    assert (figure["satisfaction_score_percent"], figure["satisfied_percent"]) == (score, satisfied)


@given(ratings, ratings)
def test_counts_of_two_days_summed_lie_between_the_two(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    both = tuple(a + b for a, b in zip(one, other, strict=True))
    figures = figures_of((OLD, one), (OLD, other), (OLD, both))
    assert figures["responses_count"].tolist() == [sum(one), sum(other), sum(one) + sum(other)]
    if sum(one) and sum(other):
        first, second, together = figures["satisfaction_score_percent"]
        assert min(first, second) <= together <= max(first, second)


@given(ratings)
def test_the_two_methods_differ_by_less_than_what_the_middle_ratings_can_explain(counts: tuple[int, ...]) -> None:
    figure = figure_of(OLD, counts)
    score, satisfied = figure["satisfaction_score_percent"], figure["satisfied_percent"]
    if sum(counts):
        assert isinstance(score, Decimal)
        assert isinstance(satisfied, Decimal)
        assert Decimal("0.74") * satisfied - 1 <= score <= satisfied / 2 + Decimal("50.01")


def test_no_rows_give_no_rows_with_all_columns() -> None:
    assert {"responses_count", "headline_percent", "headline_method"} <= set(figures_of().columns)
    assert figures_of().empty


def rows_of(*keys: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(service, NEW, source) for service, source in keys], columns=["service", "report_date", "source"]
    )


def test_the_figure_quoted_is_that_of_the_headline_source() -> None:
    rows = rows_of(("make-a-lpa", "done-page"), ("make-a-lpa", "in-service"), ("use-an-lpa", "done-page"))
    quoted = headline_rows(DATASETS["daily_user_satisfaction"], rows, load_services())
    assert quoted[["service", "source"]].to_numpy().tolist() == [
        ["make-a-lpa", "done-page"],
        ["use-an-lpa", "done-page"],
    ]


def test_a_range_without_any_rating_source_quotes_nothing_and_keeps_its_columns() -> None:
    quoted = headline_rows(DATASETS["daily_user_satisfaction"], rows_of(), load_services())
    assert quoted.columns.tolist() == ["service", "report_date", "source"]


def test_a_service_that_left_the_services_file_is_not_quoted() -> None:
    rows = rows_of(("deputy-reporting", "done-page"), ("make-a-lpa", "done-page"))
    quoted = headline_rows(DATASETS["daily_user_satisfaction"], rows, load_services())
    assert quoted["service"].tolist() == ["make-a-lpa"]
