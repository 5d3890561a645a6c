"""Sources and dimensions: an entry is whole, and what the rest of the package looks up in the entries."""

from datetime import date

import pytest

from perf_pipeline.catalogue.columns import COLUMNS
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.dimensions import LPA_TYPE, RATING_SOURCE
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES, Source, sources_for, sources_into

sources = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
of_indicators = pytest.mark.parametrize("dataset", [entry for entry in DATASETS.values() if entry.indicator])


@sources
def test_a_source_is_described_and_is_merged_into_an_extract_of_an_indicator_that_it_is_for(source: Source) -> None:
    assert source.description.endswith(".")
    assert source.owner.startswith("team:")
    extract = DATASETS[source.extract]
    assert extract.stage is Stage.EXTRACTED
    assert extract.indicator
    assert source.name in INDICATORS[extract.indicator].sources


@sources
def test_the_address_of_a_source_is_in_one_place(source: Source) -> None:
    assert (source.setting is None) == ("database" in source.options)


@sources
def test_every_reason_to_quarantine_is_explained(source: Source) -> None:
    for reason, meaning in source.reasons.items():
        assert reason.replace("_", "").isalnum()
        assert len(meaning.split()) > 2


def test_a_source_is_found_by_its_indicator_and_by_its_extract() -> None:
    assert sources_for("user-satisfaction") == ("done-page", "in-service")
    assert [source.name for source in sources_into("extracted_feedback")] == ["done-page", "in-service"]
    assert sources_into("daily_user_satisfaction") == ()


@of_indicators
def test_the_figures_of_an_indicator_are_broken_down_by_a_column_of_their_key(dataset: Dataset) -> None:
    if dataset.stage is Stage.EXTRACTED:
        assert dataset.dimension is None
    else:
        assert dataset.dimension in (RATING_SOURCE, LPA_TYPE)
        assert dataset.dimension.column in dataset.key


def test_a_dimension_has_a_total_or_none() -> None:
    assert LPA_TYPE.all_values == (*LPA_TYPE.values, "all")
    assert RATING_SOURCE.all_values == RATING_SOURCE.values == sources_for("user-satisfaction")
    assert COLUMNS["lpa_type"].allowed == LPA_TYPE.all_values
    assert COLUMNS["source"].allowed == RATING_SOURCE.all_values


@pytest.mark.parametrize(
    ("dataset", "touched"),
    [
        ("daily_user_satisfaction", ("2026-05-30", "2026-06-01")),
        ("daily_completion_rate", ("2026-03-01", "2026-06-01")),
        ("monthly_user_satisfaction", ("2026-05-01", "2026-06-30")),
        ("monthly_completion_rate", ("2026-03-01", "2026-06-30")),
        ("published_digital_take_up", ("2026-05-30", "2026-06-01")),
    ],
)
def test_days_touch_earlier_days_of_a_cohort_and_whole_months(dataset: str, touched: tuple[str, str]) -> None:
    days = DayRange(date(2026, 5, 30), date(2026, 6, 1))
    assert DATASETS[dataset].touched_by(days) == DayRange(*map(date.fromisoformat, touched))
