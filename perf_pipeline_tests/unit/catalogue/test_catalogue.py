"""The catalogue is whole: what one entry names, another one defines."""

from datetime import date

import pytest
from sqlalchemy import Text

from perf_pipeline.catalogue.columns import COLUMNS, Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.published.files import file_columns
from perf_pipeline.warehouse.tables import METADATA, TABLES

datasets = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
columns = pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)


@datasets
def test_every_column_of_a_dataset_is_the_catalogue_s(dataset: Dataset) -> None:
    for column in dataset.columns:
        entry = COLUMNS[column.name]
        assert (column.type, column.description, column.allowed) == (entry.type, entry.description, entry.allowed)


@datasets
def test_no_dataset_has_a_column_twice(dataset: Dataset) -> None:
    assert len(set(dataset.column_names)) == len(dataset.columns)


@datasets
def test_keys_and_day_columns_are_columns_and_keys_are_never_empty(dataset: Dataset) -> None:
    assert {*dataset.key, *dataset.day_columns} <= set(dataset.column_names)
    assert all(column.is_required for column in dataset.columns if column.name in dataset.key)


@datasets
def test_a_dataset_says_what_it_holds_and_what_a_row_is(dataset: Dataset) -> None:
    assert dataset.description.endswith(".")
    assert dataset.grain.startswith("one row per ")


@datasets
def test_a_dataset_of_an_indicator_is_named_after_its_stage(dataset: Dataset) -> None:
    prefixes = {Stage.DAILY_METRICS: "daily_", Stage.MONTHLY_METRICS: "monthly_", Stage.PUBLISHED: "published_"}
    assert dataset.name.startswith(prefixes.get(dataset.stage, "") if dataset.indicator else "")


@datasets
def test_every_dataset_is_a_table_with_its_columns_and_key(dataset: Dataset) -> None:
    table = TABLES[dataset.name]
    assert [column.name for column in table.columns] == dataset.column_names
    assert tuple(column.name for column in table.primary_key) == dataset.key
    assert [column.name for column in table.columns if not column.nullable] == [
        column.name for column in dataset.columns if column.is_required
    ]


def test_every_table_is_in_schema_perf() -> None:
    assert {table.schema for table in METADATA.tables.values()} == {"perf"}
    assert {f"perf.{name}" for name in DATASETS} <= set(METADATA.tables)


@columns
def test_every_column_says_what_it_means(column: Column) -> None:
    assert column.description.endswith(".")


@columns
def test_every_column_belongs_to_a_dataset(column: Column) -> None:
    assert any(column.name in dataset.column_names for dataset in DATASETS.values())


_SUFFIXES = {
    "_count": ColumnType.COUNT,
    "_at": ColumnType.INSTANT,
    "_date": ColumnType.DAY,
    "_hash": ColumnType.HASH,
    "_percent": ColumnType.PERCENT,
}


@columns
def test_the_end_of_a_column_s_name_tells_its_type(column: Column) -> None:
    for suffix, kind in _SUFFIXES.items():
        if column.name.endswith(suffix):
            assert column.type is (ColumnType.HEADLINE if column.name == "headline_percent" else kind)
    assert column.name.startswith(("is_", "has_")) == (column.type is ColumnType.FLAG)


@columns
def test_a_percentage_is_of_0_to_100_except_the_one_that_may_exceed_it(column: Column) -> None:
    if column.type in (ColumnType.PERCENT, ColumnType.HEADLINE):
        assert column.maximum == (None if column.name == "created_per_started_percent" else 100)
        assert not column.is_required
    else:
        assert column.name == "rating" or column.maximum is None


@datasets
def test_what_a_figure_is_made_from_stands_beside_it(dataset: Dataset) -> None:
    for column in dataset.columns:
        assert set(column.made_from) <= set(dataset.column_names)
        if column.type in (ColumnType.PERCENT, ColumnType.HEADLINE):
            assert sum(part.endswith("_count") for part in column.made_from) >= 2


@pytest.mark.parametrize(
    ("indicator", "daily"),
    [
        (
            "user-satisfaction",
            (
                "source very_satisfied_count satisfied_count neither_count dissatisfied_count very_dissatisfied_count"
                " responses_count satisfied_percent satisfaction_score_percent headline_percent headline_method"
            ),
        ),
        (
            "completion-rate",
            (
                "lpa_type started_count created_count completed_count created_same_day_count created_per_started_percent"
                " cohort_started_count cohort_created_count cohort_completed_count cohort_completion_percent"
            ),
        ),
        (
            "digital-take-up",
            (
                "lpa_type online_count assisted_count paper_count phone_count other_count unknown_count total_count"
                " digital_take_up_percent"
            ),
        ),
    ],
)
def test_files_have_the_agreed_columns_in_the_agreed_order(indicator: str, daily: str) -> None:
    dataset = DATASETS[f"published_{indicator.replace('-', '_')}"]
    first, last = ["service", "period_start", "period"], ["origin", "markers"]
    assert file_columns(dataset, "day") == [*first, *daily.split(), *last]
    assert file_columns(dataset, "month") == [
        *first,
        *daily.split(),
        "days_included_count",
        "days_expected_count",
        *last,
    ]


def test_every_service_of_the_default_file_has_a_headline_for_all_time() -> None:
    for service in load_services().publishing("user-satisfaction"):
        assert service.headline_source(date(2021, 3, 1)) in service.sources_of("user-satisfaction")


def test_titles_are_for_people() -> None:
    assert COLUMNS["very_satisfied_count"].title == "Very satisfied count"
    assert isinstance(TABLES["published_user_satisfaction"].c.markers.type, Text)
