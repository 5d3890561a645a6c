"""What is a revision and what is not, its cause, and how long its mark stands."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_FIGURES, DATASETS, FIGURES, REVISION_COLUMNS, Dataset
from perf_pipeline.published.markers import letters
from perf_pipeline.published.revising import outdated, revise

MAY, JUNE = datetime(2026, 5, 20, 3, tzinfo=UTC), datetime(2026, 6, 20, 3, tzinfo=UTC)
SATISFACTION, COMPLETION, TAKE_UP = (
    DATASETS[f"published_{name}"] for name in ("user_satisfaction", "completion_rate", "digital_take_up")
)
COUNTS = dict(zip(RATING_COUNTS, (6, 1, 1, 1, 1), strict=True))
HEADLINE = {"headline_percent": 75, "headline_method": "weighted_mean"}
RATINGS = COUNTS | HEADLINE | {"responses_count": 10}
CHANNELS = dict.fromkeys(CHANNEL_COUNTS, 0) | {
    "online_count": 4,
    "total_count": 4,
    "digital_take_up_percent": Decimal("100.00"),
}
STATES = {name: 5 for name in FIGURES["completion-rate"] if name.endswith("_count")}


def figure(dataset: Dataset, said: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    place = {"service": "make-a-lpa", "period_start": date(2026, 4, 1), "period": "month"}
    assert dataset.indicator
    assert dataset.dimension
    rest = {dataset.dimension.column: "all", "origin": "computed", "markers": ""}
    return dict.fromkeys(FIGURES[dataset.indicator]) | place | rest | said | changes


def version(row: dict[str, Any], was_final: bool | None = None, revised_at: datetime | None = None) -> dict[str, Any]:
    """A figure in force."""
    is_final = "p" not in letters(row["markers"]) if was_final is None else was_final
    return row | {"was_final": is_final, "revised_at": revised_at, "published_at": MAY, "revision_reason": None}


def change(
    dataset: Dataset, earlier: dict[str, Any], later: dict[str, Any], now: datetime = JUNE
) -> tuple[Any, str, set[str]]:
    """The cause, the markers, and which figures the log names."""
    revised = revise(pd.DataFrame([later], dtype=object), pd.DataFrame([earlier], dtype=object), dataset, now)
    row = revised.figures.iloc[0]
    assert set(REVISION_COLUMNS) <= set(row.index)
    assert bool(len(revised.log)) == (row["revision_cause"] is not None)
    return row["revision_cause"], row["markers"], set(revised.log["figure"])


def test_a_first_figure_is_no_revision() -> None:
    nothing = pd.DataFrame(columns=[*TAKE_UP.column_names, "was_final"], dtype=object)
    revised = revise(pd.DataFrame([figure(TAKE_UP, CHANNELS)], dtype=object), nothing, TAKE_UP, JUNE)
    assert revised.figures.iloc[0][["markers", *REVISION_COLUMNS]].tolist() == ["", None, None, None]
    assert revised.log.empty


def test_the_same_figure_again_is_no_revision() -> None:
    assert change(TAKE_UP, version(figure(TAKE_UP, CHANNELS)), figure(TAKE_UP, CHANNELS)) == (None, "", set())


def test_equal_numbers_of_another_kind_are_the_same() -> None:
    again = figure(TAKE_UP, CHANNELS, digital_take_up_percent=Decimal(100), total_count=4.0)
    assert change(TAKE_UP, version(figure(TAKE_UP, CHANNELS)), again) == (None, "", set())


@pytest.mark.parametrize(("marked", "cause"), [("[p]", "scheduled"), ("[e][p]", "scheduled"), ("", "correction")])
def test_a_changed_count_is_scheduled_before_it_was_final_and_a_correction_after(marked: str, cause: str) -> None:
    earlier = version(figure(TAKE_UP, CHANNELS, markers=marked))
    later = figure(TAKE_UP, CHANNELS, online_count=5, total_count=5)
    assert change(TAKE_UP, earlier, later) == (cause, "[r]", {"online_count", "total_count"})


def test_a_revised_figure_keeps_its_other_markers() -> None:
    earlier = version(figure(TAKE_UP, CHANNELS, markers="[p]"))
    assert change(TAKE_UP, earlier, figure(TAKE_UP, CHANNELS, total_count=5, markers="[e][p]"))[1] == "[e][p][r]"


@pytest.mark.parametrize("changes", [{"markers": "[p]"}, {"origin": "imported"}])
def test_other_markers_or_another_origin_are_no_revision(changes: dict[str, str]) -> None:
    cause, _, logged = change(TAKE_UP, version(figure(TAKE_UP, CHANNELS)), figure(TAKE_UP, CHANNELS, **changes))
    assert (cause, logged) == (None, set())


def test_a_figure_in_place_of_none_is_a_first_figure() -> None:
    earlier = version(figure(TAKE_UP, {}, markers="[x]"))
    assert change(TAKE_UP, earlier, figure(TAKE_UP, CHANNELS)) == (None, "", set())


def test_a_figure_beside_others_that_stay_as_they_were_is_a_first_figure_too() -> None:
    earlier = version(figure(SATISFACTION, HEADLINE))
    assert change(SATISFACTION, earlier, figure(SATISFACTION, RATINGS)) == (None, "", set())


def test_a_figure_that_goes_is_a_revision() -> None:
    cause, marked, logged = change(TAKE_UP, version(figure(TAKE_UP, CHANNELS)), figure(TAKE_UP, {}, markers="[x]"))
    assert (cause, marked, logged) == ("correction", "[r][x]", set(CHANNELS))


@pytest.mark.parametrize(
    "later",
    [
        {"headline_percent": 70, "headline_method": "top_two_box"},
        {"headline_method": "top_two_box"},
        {"headline_percent": 76},
    ],
)
@pytest.mark.parametrize("marked", ["", "[p]"])
def test_another_headline_of_the_same_counts_is_a_change_of_method(later: dict[str, Any], marked: str) -> None:
    earlier = version(figure(SATISFACTION, RATINGS, markers=marked))
    assert change(SATISFACTION, earlier, figure(SATISFACTION, RATINGS, **later)) == ("method", "[r]", set(later))


def test_another_method_of_other_counts_is_no_change_of_method_alone() -> None:
    later = figure(SATISFACTION, RATINGS, satisfied_count=2, responses_count=11, headline_method="top_two_box")
    assert change(SATISFACTION, version(figure(SATISFACTION, RATINGS)), later)[0] == "correction"


def test_another_headline_without_counts_is_no_change_of_method() -> None:
    imported = figure(SATISFACTION, HEADLINE, origin="imported")
    assert change(SATISFACTION, version(imported), imported | {"headline_percent": 76})[0] == "correction"


def test_a_computed_figure_in_place_of_an_imported_one_supersedes_it() -> None:
    earlier = version(figure(SATISFACTION, HEADLINE, headline_method="unknown", origin="imported"))
    later = figure(SATISFACTION, RATINGS, headline_percent=76)
    assert change(SATISFACTION, earlier, later)[:2] == ("import-superseded", "[r]")


def test_a_computed_figure_that_says_what_was_imported_is_no_revision() -> None:
    """That its method is known now, and its counts, takes back nothing that was said."""
    earlier = version(figure(SATISFACTION, HEADLINE, headline_method="unknown", origin="imported"))
    assert change(SATISFACTION, earlier, figure(SATISFACTION, RATINGS)) == (None, "", set())


def test_a_figure_that_a_person_changed_is_a_correction_with_the_reason() -> None:
    earlier = version(figure(SATISFACTION, HEADLINE, origin="imported"))
    later = figure(SATISFACTION, {}, revision_reason="Counted twice.", markers="[x]")
    revised = revise(pd.DataFrame([later], dtype=object), pd.DataFrame([earlier], dtype=object), SATISFACTION, JUNE)
    assert revised.figures.iloc[0][["revision_cause", "revision_reason"]].tolist() == ["correction", "Counted twice."]
    assert set(revised.log["revision_reason"]) == {"Counted twice."}


def cohort(count: int, markers: str) -> dict[str, Any]:
    return figure(COMPLETION, STATES, markers=markers, **dict.fromkeys(COHORT_FIGURES, count))


@pytest.mark.parametrize("marked", ["[p]", ""])
def test_a_cohort_that_grows_is_no_revision_nor_is_its_first_final_value(marked: str) -> None:
    assert change(COMPLETION, version(cohort(5, "[p]")), cohort(6, marked)) == (None, marked, set())


def test_a_final_cohort_that_changes_is_a_correction() -> None:
    assert change(COMPLETION, version(cohort(5, "")), cohort(6, "")) == ("correction", "[r]", set(COHORT_FIGURES))


def test_a_cohort_that_was_final_once_grows_no_more_in_silence() -> None:
    earlier = version(cohort(5, "[p]"), was_final=True)
    assert change(COMPLETION, earlier, cohort(6, "")) == ("scheduled", "[r]", set(COHORT_FIGURES))


def test_the_events_of_a_day_are_revised_while_its_cohort_grows() -> None:
    later = cohort(6, "[p]") | {"created_count": 9}
    assert change(COMPLETION, version(cohort(5, "[p]")), later) == ("scheduled", "[p][r]", {"created_count"})


@pytest.mark.parametrize("given", [{}, {"revision_reason": "Another service's."}])
def test_a_cohort_that_goes_is_a_revision(given: dict[str, str]) -> None:
    cause, _, logged = change(COMPLETION, version(cohort(5, "[p]")), figure(COMPLETION, {}, markers="[x]", **given))
    assert cause == ("correction" if given else "scheduled")
    assert set(COHORT_FIGURES) <= logged


def test_the_log_tells_what_it_was_and_is_and_since_when() -> None:
    earlier = version(figure(TAKE_UP, CHANNELS, total_count=0, digital_take_up_percent=None, markers="[p]"))
    revised = revise(
        pd.DataFrame([figure(TAKE_UP, CHANNELS)], dtype=object), pd.DataFrame([earlier], dtype=object), TAKE_UP, JUNE
    )
    assert revised.log.to_dict("records") == [
        {
            "subject": "make-a-lpa",
            "indicator": "digital-take-up",
            "period_start": date(2026, 4, 1),
            "period": "month",
            "dimension": "all",
            "figure": name,
            "earlier_value": before,
            "later_value": after,
            "earlier_published_at": MAY,
            "published_at": JUNE,
            "revision_cause": "scheduled",
            "revision_reason": None,
        }
        for name, before, after in [("total_count", "0", "4"), ("digital_take_up_percent", None, "100.00")]
    ]


@pytest.mark.parametrize(
    ("now", "marked"),
    [
        (datetime(2026, 6, 20, 4, tzinfo=UTC), "[r]"),
        (datetime(2026, 6, 30, 22, 59, tzinfo=UTC), "[r]"),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), ""),  # July in London
        (datetime(2027, 6, 20, tzinfo=UTC), ""),
    ],
)
def test_the_mark_stands_until_the_london_month_ends(now: datetime, marked: str) -> None:
    held = version(figure(TAKE_UP, CHANNELS, markers="[r]"), revised_at=JUNE)
    assert change(TAKE_UP, held, figure(TAKE_UP, CHANNELS), now) == (None, marked, set())
    found = outdated(pd.DataFrame([held], dtype=object), now)
    assert found["markers"].tolist() == ([] if marked else [""])


def test_a_break_comes_and_goes_with_its_rule() -> None:
    rows = [
        version(figure(TAKE_UP, CHANNELS, period_start=day, period=period, markers=markers))
        for day in (date(2026, 3, 1), date(2026, 4, 1))
        for period in ("day", "month")
        for markers in ("", "[b][p]", "[x]")
    ]
    found = outdated(pd.DataFrame(rows, dtype=object), JUNE, lambda _, first, last: first <= date(2026, 4, 5) <= last)
    assert found[["period_start", "period", "markers"]].to_numpy().tolist() == [
        [date(2026, 3, 1), "day", "[p]"],
        [date(2026, 3, 1), "month", "[p]"],
        [date(2026, 4, 1), "day", "[p]"],
        [date(2026, 4, 1), "month", "[b]"],
    ]
    assert outdated(pd.DataFrame(rows, dtype=object), JUNE).empty


@pytest.mark.parametrize(("earlier_marked", "later_marked"), [("", "[c]"), ("[c]", ""), ("[c]", "[c]")])
def test_what_is_or_was_suppressed_is_in_no_log(earlier_marked: str, later_marked: str) -> None:
    earlier, later = (
        figure(TAKE_UP, CHANNELS | ({"paper_count": None} if marked else {"paper_count": count}), markers=marked)
        for marked, count in ((earlier_marked, 2), (later_marked, 9))
    )
    assert change(TAKE_UP, version(earlier), later)[::2] == (None, set())
    changed = later | {"online_count": 40}
    assert change(TAKE_UP, version(earlier), changed)[2] == {"online_count"}
