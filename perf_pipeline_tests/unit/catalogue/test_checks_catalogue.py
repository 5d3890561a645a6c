"""The entries of the checks hang together: sentences, SQL, thresholds, and reasons of the quarantine."""

import re
from datetime import date
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from sqlalchemy import text

import perf_pipeline
from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, FAULTS, RULES, SOURCE_RULES, Kind, Rule
from perf_pipeline.catalogue.columns import COLUMNS
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.described import DescribedEnum
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.revisions import RevisionCause
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.quality.queries import findings_sql

PACKAGE = Path(perf_pipeline.__file__).parent
SQL = PACKAGE / "quality" / "sql"
EVERY_RULE = {
    **{rule.name: rule for rules in RULES.values() for rule in rules.values()},
    **SOURCE_RULES,
}
DAYS = DayRange(date(2026, 5, 1), date(2026, 5, 2))
VERBS = set(
    "is are made has have was keep add follows reach hold deliver come jump can used".split()  # noqa: SIM905
)
_GIVEN = re.compile(
    # A row or a file that is rejected, what a function that judges returns, and a word of a query.
    r"""(?:RejectedRow|RowFaultError|UnusableExportError)\(.*?"(\w+)"|(?:return|else) "(\w+_\w+)"$|THEN '(\w+)'$""",
    re.MULTILINE,
)
every_rule = pytest.mark.parametrize("rule", EVERY_RULE.values(), ids=EVERY_RULE)
rules_of_datasets = pytest.mark.parametrize(
    ("rule", "dataset"), [(rule, dataset) for dataset in CHECKED for rule in RULES[dataset].values()]
)


def sql_of(rule: Rule) -> str:
    return (SQL / "checks" / f"{rule.sql or rule.name}.sql").read_text(encoding="utf-8")


@every_rule
def test_a_check_is_a_sentence_with_what_it_protects_from_its_fault_and_a_next_step(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", rule.name)
    assert set(rule.name.split("_")) & VERBS, f"{rule.name} has no verb"
    assert rule.sentence == f"{rule.name[0].upper()}{rule.name[1:].replace('_', ' ')}."
    for words in (rule.protects_from, rule.fault, rule.next_step):
        assert words
        assert words[-1] not in ".;, "


def test_a_check_has_one_fault_on_all_of_its_datasets() -> None:
    rules = [rule for checks in (SOURCE_RULES, *RULES.values()) for rule in checks.values()]
    assert {(rule.name, rule.fault) for rule in rules} == set(FAULTS.items())


def test_every_extract_and_metric_table_is_checked_with_its_contract_and_key() -> None:
    stages = (Stage.EXTRACTED, Stage.DAILY_METRICS, Stage.MONTHLY_METRICS)
    assert set(RULES) == {entry.name for entry in DATASETS.values() if entry.indicator and entry.stage in stages}
    assert {tuple(rules)[:2] for rules in RULES.values()} == {(CONTRACT_CHECK, "key_is_unique")}


def test_every_sql_file_is_that_of_a_check() -> None:
    used = {rule.sql or rule.name for rules in RULES.values() for rule in rules.values()}
    assert {file.stem for file in (SQL / "checks").glob("*.sql")} == used
    assert {file.stem for file in (SQL / "sources").glob("*.sql")} == set(SOURCE_RULES)


def test_a_check_by_another_name_is_another_check() -> None:
    queries = [
        findings_sql(rule, dataset, DAYS, load_services()) for dataset in CHECKED for rule in RULES[dataset].values()
    ]
    assert len(set(queries)) == len(queries)


@every_rule
def test_a_check_warns_exactly_where_it_depends_on_what_is_tolerated(rule: Rule) -> None:
    sql = "" if rule.name in SOURCE_RULES else sql_of(rule)
    assert set(re.findall(r"{limit_(\w+)}", sql)) == set(rule.thresholds) <= set(THRESHOLDS)
    assert (rule.severity is Severity.WARNING) == bool(rule.thresholds)
    assert rule.kind is not Kind.PLAUSIBILITY or rule.thresholds


@rules_of_datasets
def test_a_check_gives_what_a_verdict_needs_and_fills_every_place_of_its_sql(rule: Rule, dataset: str) -> None:
    for column in ("observed", "expected", "is_broken"):
        assert f" AS {column}" in sql_of(rule)
    query = findings_sql(rule, dataset, DAYS, load_services())
    assert [field for _, field, _, _ in Formatter().parse(query) if field is not None] == []
    assert not text(query).compile().params
    needed = {field for _, field, _, _ in Formatter().parse(sql_of(rule)) if field}
    given = {f"{name}{suffix}" for name, suffix in product(rule.on[dataset], ("", "_quoted", "_counted"))} & needed
    assert {name.removesuffix("_quoted").removesuffix("_counted") for name in given} >= set(rule.on[dataset]) - {
        "daily"
    }


@rules_of_datasets
def test_every_derived_table_has_a_name_as_postgresql_14_wants_it(rule: Rule, dataset: str) -> None:
    query = findings_sql(rule, dataset, DAYS, load_services())
    for opened in re.finditer(r"(?:(?<!DISTINCT )FROM|JOIN|LATERAL) \(", query):
        depth, end = 1, opened.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
        assert re.match(r" AS \w+", query[end:]), query[opened.start() : end + 20]


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_is_a_number_above_zero_that_a_check_asks_for(name: str) -> None:
    assert THRESHOLDS[name].value > 0
    assert not THRESHOLDS[name].meaning.endswith(".")
    assert any(name in rule.thresholds for rule in EVERY_RULE.values())


def test_the_reasons_for_the_quarantine_are_those_that_the_readers_give() -> None:
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for file in sorted((PACKAGE / "extracted").rglob("*"))
        if file.suffix in (".py", ".sql")
    )
    reasons = {reason for source in SOURCES.values() for reason in source.reasons}
    assert [reason for reason in reasons if f'"{reason}"' not in code and f"'{reason}'" not in code] == []
    assert {word for words in _GIVEN.findall(code) for word in words if word} <= reasons


@pytest.mark.parametrize("enum", [Severity, Result, RevisionCause, SourceChange, Marker, Kind])
def test_a_member_of_a_described_enum_is_found_by_its_value_and_says_what_it_means(enum: type[DescribedEnum]) -> None:
    assert [enum(member.value) for member in enum] == [*enum]
    assert all(member.meaning for member in enum)
    assert len({member.value for member in enum}) == len(enum)


def test_a_column_may_have_any_member_of_its_enum_and_no_other_value() -> None:
    enums = {"severity": Severity, "result": Result, "revision_cause": RevisionCause, "change": SourceChange}
    for column, enum in enums.items():
        assert COLUMNS[column].allowed == tuple(member.value for member in enum)
