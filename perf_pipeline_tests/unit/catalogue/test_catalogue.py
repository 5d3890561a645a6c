"""The catalogue is whole: what one entry names, another one defines."""

import re
from datetime import date

import pytest
from sqlalchemy import Text, text

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, KEY_CHECK, RULES, Kind
from perf_pipeline.catalogue.columns import COLUMNS, Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.published.files import file_columns
from perf_pipeline.quality.queries import batch_sql, by_day_sql
from perf_pipeline.warehouse.tables import METADATA, TABLES

datasets = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
columns = pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
checked = pytest.mark.parametrize("dataset", CHECKED)
rules = pytest.mark.parametrize(("dataset", "check"), [(name, check) for name in CHECKED for check in RULES[name]])

VERBS = {
    "is",
    "are",
    "made",
    "has",
    "have",
    "was",
    "keep",
    "add",
    "follows",
    "reach",
    "hold",
    "deliver",
    "come",
    "jump",
}


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


@rules
def test_every_check_is_named_as_a_sentence_and_says_what_it_protects_from(dataset: str, check: str) -> None:
    rule = RULES[dataset][check]
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", check)
    assert set(check.split("_")) & VERBS, f"{check} has no verb"
    assert rule.sentence == f"{check[0].upper()}{check[1:].replace('_', ' ')}."
    for said in (rule.protects_from, rule.next_step):
        assert said
        assert not said.endswith(".")


@checked
def test_every_checked_table_has_a_contract_and_a_key(dataset: str) -> None:
    assert [*RULES[dataset]][:2] == [CONTRACT_CHECK, KEY_CHECK]


def test_every_extract_and_metric_table_is_checked_and_nothing_else() -> None:
    stages = (Stage.EXTRACTED, Stage.DAILY_METRICS, Stage.MONTHLY_METRICS)
    assert set(RULES) == set(CHECKED)
    assert set(CHECKED) == {entry.name for entry in DATASETS.values() if entry.indicator and entry.stage in stages}


@rules
def test_a_check_by_another_name_is_another_check(dataset: str, check: str) -> None:
    alike = [rule.query for rule in RULES[dataset].values()]
    assert alike.count(RULES[dataset][check].query) == 1


@rules
def test_a_check_warns_exactly_where_it_depends_on_what_is_tolerated(dataset: str, check: str) -> None:
    rule = RULES[dataset][check]
    assert set(rule.thresholds) == set(re.findall(r":limit_(\w+)", rule.query)) <= set(THRESHOLDS)
    assert (rule.severity is Severity.WARNING) == bool(rule.thresholds)
    assert rule.kind is not Kind.PLAUSIBILITY or rule.thresholds


def test_every_threshold_is_some_check_s() -> None:
    assert {name for rules in RULES.values() for rule in rules.values() for name in rule.thresholds} == set(THRESHOLDS)


@rules
def test_a_query_gives_what_a_verdict_needs(dataset: str, check: str) -> None:
    rule = RULES[dataset][check]
    assert rule.query.startswith("SELECT ")
    for column in ("observed", "expected", "is_broken"):
        assert f" AS {column}" in rule.query


@rules
def test_a_query_is_read_by_no_one_as_a_template(dataset: str, check: str) -> None:
    days = DayRange(date(2026, 5, 1), date(2026, 5, 2))
    rule = RULES[dataset][check]
    query = by_day_sql(rule, days, load_services(), batch_sql(dataset, rule.batch, days))
    assert "{" not in query
    assert "}" not in query
    assert not text(query).compile().params


@rules
def test_every_derived_table_has_a_name_as_postgresql_14_wants_it(dataset: str, check: str) -> None:
    days = DayRange(date(2026, 5, 1), date(2026, 5, 2))
    rule = RULES[dataset][check]
    query = by_day_sql(rule, days, load_services(), batch_sql(dataset, rule.batch, days))
    for opened in re.finditer(r"(?:(?<!DISTINCT )FROM|JOIN|LATERAL) \(", query):
        depth, end = 1, opened.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
        assert re.match(r" AS \w+", query[end:]), query[opened.start() : end + 20]


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
