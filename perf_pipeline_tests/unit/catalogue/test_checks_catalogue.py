"""The entries of the checks hang together: sentences, queries, thresholds, cadences, and reasons of the quarantine."""

import re
from pathlib import Path

import pytest

import perf_pipeline
from perf_pipeline.catalogue.cadences import CADENCES
from perf_pipeline.catalogue.checks import CHECKED, RULES, Rule
from perf_pipeline.catalogue.checks.completeness import COMPLETENESS
from perf_pipeline.catalogue.checks.consistency import CONSISTENCY
from perf_pipeline.catalogue.checks.plausibility import PLAUSIBILITY
from perf_pipeline.catalogue.checks.timeliness import TIMELINESS
from perf_pipeline.catalogue.columns import COLUMNS
from perf_pipeline.catalogue.indicators import SOURCES
from perf_pipeline.catalogue.quarantine_reasons import REASONS
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.catalogue.thresholds import THRESHOLDS

READERS = Path(perf_pipeline.__file__).parent / "sources"
_GIVEN = re.compile(
    # A row or a file that is turned down, what a function that judges gives back, and a word of a query.
    r"""(?:RejectedRow|RowFaultError|UnusableExportError|ExportRow)\(.*?"([a-z_]+)"|(?:return|else) "([a-z_]+)"$"""
    r"""|THEN '([a-z_]+)'$""",
    re.MULTILINE,
)
rules = pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=f"{dataset}, {name}") for dataset, checks in RULES.items() for name, rule in checks.items()],
)


@rules
def test_a_check_is_a_sentence_with_what_it_protects_from_and_a_next_step(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z][a-z_0-9]+", rule.name)
    assert " " in rule.sentence
    for text in (rule.protects_from, rule.next_step):
        assert text
        assert text[-1] not in ".;, "


@rules
def test_a_check_looks_at_the_batch_or_at_the_ledger(rule: Rule) -> None:
    assert re.search(r" batch\b|perf\.source_deliveries", rule.query)


@rules
def test_a_check_gives_what_it_observed_and_expected_of_a_service_and_day(rule: Rule) -> None:
    assert all(re.search(rf"\b{name}\b", rule.query) for name in ("service", "report_date"))
    assert all(f" AS {name}" in rule.query for name in ("observed", "expected", "is_broken"))


@rules
def test_a_check_declares_the_limits_of_its_query_and_no_others(rule: Rule) -> None:
    assert set(re.findall(r":limit_(\w+)", rule.query)) == set(rule.thresholds) <= set(THRESHOLDS)


@pytest.mark.parametrize("dataset", CHECKED)
def test_no_check_of_a_dataset_hides_another_of_its_name(dataset: str) -> None:
    names = [
        rule.name for group in (COMPLETENESS, CONSISTENCY, TIMELINESS, PLAUSIBILITY) for rule in group.get(dataset, ())
    ]
    assert sorted(names) == sorted(RULES[dataset])


def test_every_check_group_is_about_datasets_that_are_checked() -> None:
    assert tuple(RULES) == CHECKED


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_is_a_number_above_zero_that_a_check_asks_for(name: str) -> None:
    assert THRESHOLDS[name].value > 0
    assert not THRESHOLDS[name].meaning.endswith(".")
    assert any(name in rule.thresholds for checks in RULES.values() for rule in checks.values())


def test_every_source_has_its_cadence_and_its_reasons_for_the_quarantine() -> None:
    assert set(CADENCES) == set(REASONS) == set(SOURCES)


def test_the_reasons_for_the_quarantine_are_those_that_the_readers_give() -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for pattern in ("feedback_explorer*.py", "sirius_rows.py", "sql/feedback_rows.sql")
        for file in READERS.glob(pattern)
    )
    given = {word for words in _GIVEN.findall(code) for word in words if word}
    assert given == {reason for reasons in REASONS.values() for reason in reasons}


def test_a_verdict_may_have_any_severity_and_result_and_no_other() -> None:
    assert COLUMNS["severity"].allowed == tuple(severity.value for severity in Severity)
    assert COLUMNS["result"].allowed == tuple(result.value for result in Result)
