"""An entry of the catalogue that is forgotten anywhere else fails here, with its name."""

from pathlib import Path

import pytest

import perf_pipeline
from perf_pipeline.catalogue.checks import CHECKED, RULES
from perf_pipeline.catalogue.checks.timeliness import SOURCE_RULES
from perf_pipeline.catalogue.columns import COLUMNS
from perf_pipeline.catalogue.datasets import DATASETS, FIGURES, Stage, datasets_of
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.definitions import FLOW
from perf_pipeline.documents.data_dictionary import data_dictionary
from perf_pipeline.documents.quality_guide import quality_guide
from perf_pipeline.extracted.attempting import EXTRACTORS
from perf_pipeline.extracted.probing import PROBES
from perf_pipeline.extracted.source_systems import source_assets
from perf_pipeline.published.summary import HEADINGS
from perf_pipeline.settings import Settings

PACKAGE = Path(perf_pipeline.__file__).parent
sources = pytest.mark.parametrize("source", SOURCES)
indicators = pytest.mark.parametrize("indicator", INDICATORS)


@sources
def test_every_source_is_shown_and_explained(source: str) -> None:
    assert SOURCES[source].asset in {asset.key.to_user_string() for asset in source_assets({}, is_embedded=True)}
    assert f"| {source} |" in quality_guide()


@sources
def test_every_source_has_a_folder_and_what_its_entry_promises(source: str) -> None:
    entry = SOURCES[source]
    folder = PACKAGE / "extracted" / source.replace("-", "_")
    assert (folder / "extract.py").is_file()
    assert entry.setting is None or entry.setting in Settings.model_fields
    dropping = {"freeze_counts.sql", "drop_rows.sql"}
    found = {file.name for file in folder.glob("sql/*.sql")} & dropping
    assert found == (dropping if entry.rows_kept_months is not None else set())


def test_every_source_is_read_and_probed_and_no_other() -> None:
    assert set(EXTRACTORS) == set(PROBES) == set(SOURCES)


@indicators
def test_every_indicator_has_its_figures_and_a_table_at_each_stage(indicator: IndicatorName) -> None:
    assert indicator in FIGURES
    assert set(INDICATORS[indicator].sources) <= set(SOURCES)
    assert INDICATORS[indicator].sources
    for stage in (Stage.DAILY_METRICS, Stage.MONTHLY_METRICS, Stage.PUBLISHED):
        assert any(entry.indicator == indicator for entry in datasets_of(stage).values()), stage


@indicators
def test_every_indicator_is_checked_and_shown_by_its_entries_alone(indicator: IndicatorName) -> None:
    headline = INDICATORS[indicator].headline_column
    daily, monthly = (
        {name for name, entry in datasets_of(stage).items() if entry.indicator == indicator}
        for stage in (Stage.DAILY_METRICS, Stage.MONTHLY_METRICS)
    )
    assert all("every_delivered_day_has_its_rows" in RULES[name] for name in daily)
    assert any("headline_does_not_jump" in RULES[name] for name in daily)
    assert all(
        {"month_is_the_sum_of_its_days", f"{headline}_follows_from_counts"} <= set(RULES[name]) for name in monthly
    )
    assert INDICATORS[indicator].title.lower() in (*HEADINGS, "user satisfaction")


@indicators
def test_every_indicator_has_a_series_of_all_its_daily_tables_and_its_monthly_one(indicator: str) -> None:
    (series,) = (asset for asset in FLOW if asset.dataset is DATASETS[f"published_{indicator.replace('-', '_')}"])
    stages = (Stage.DAILY_METRICS, Stage.MONTHLY_METRICS)
    tables = {name for stage in stages for name, entry in datasets_of(stage).items() if entry.indicator == indicator}
    assert set(series.deps) == {*tables, "monthly_verdicts"}


def test_the_flow_writes_every_dataset_of_an_indicator_and_what_is_judged() -> None:
    judging = {"source_verdicts", "daily_verdicts", "monthly_verdicts"}
    assert {asset.name for asset in FLOW} == {name for name, entry in DATASETS.items() if entry.indicator} | judging
    assert len(FLOW) == len({asset.name for asset in FLOW})


@pytest.mark.parametrize("dataset", datasets_of(Stage.DAILY_METRICS))
def test_every_daily_table_has_its_statement(dataset: str) -> None:
    assert (PACKAGE / "daily_metrics" / "sql" / f"{dataset}.sql").is_file()


def test_every_dataset_and_column_is_in_the_dictionary() -> None:
    dictionary = data_dictionary()
    assert [name for name in DATASETS if f"`{name}`" not in dictionary and f" {name}\n" not in dictionary] == []
    assert [name for name in COLUMNS if f"`{name}`" not in dictionary] == []


def test_every_checked_dataset_has_rules_and_every_rule_on_sources_its_statement() -> None:
    assert set(RULES) == set(CHECKED)
    for rule in SOURCE_RULES:
        assert (PACKAGE / "quality" / "sql" / "sources" / f"{rule}.sql").is_file()
