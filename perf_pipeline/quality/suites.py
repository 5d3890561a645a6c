"""Great Expectations suites, generated from the catalogue. Imports Great Expectations: import this only to run a check."""

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, KEY_CHECK, Batch, Rule
from perf_pipeline.catalogue.columns import Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.quality.queries import by_day_sql, rules_on, suite_name

_NUMBERS = (ColumnType.COUNT, ColumnType.PERCENT, ColumnType.HEADLINE)
# Great Expectations names the batch itself unless the query joins; so ours always does, and names it.
_BATCH = "SELECT given.* FROM {batch} AS given CROSS JOIN (SELECT 1) AS once"
_GX_SEVERITY = {
    Severity.BLOCKING: FailureSeverity.CRITICAL,
    Severity.FAILING: FailureSeverity.CRITICAL,
    Severity.WARNING: FailureSeverity.WARNING,
}


def suite_of(dataset: str, batch: Batch, days: DayRange, services: Services) -> ExpectationSuite:
    """The suite of a dataset for one kind of batch; each expectation names its check in `meta`."""
    entry = DATASETS[dataset]
    expectations: list[Expectation] = []
    for rule in rules_on(dataset, batch):
        if rule.name == CONTRACT_CHECK:
            expectations += _contract(entry)
        elif rule.name == KEY_CHECK:
            expectations.append(_key(entry, rule))
        else:
            expectations.append(_expectation(rule, days, services))
    return ExpectationSuite(name=suite_name(dataset, batch), expectations=expectations)


def _expectation(rule: Rule, days: DayRange, services: Services) -> Expectation:
    """That no day breaks the rule."""
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"SELECT * FROM ({by_day_sql(rule, days, services, _BATCH)}) AS found WHERE is_broken",
        description=rule.sentence,
        severity=_GX_SEVERITY[rule.severity],
        meta={"check": rule.name},
    )


def _key(dataset: Dataset, rule: Rule) -> Expectation:
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(dataset.key), meta={"check": rule.name})


def _contract(dataset: Dataset) -> list[Expectation]:
    meta = {"check": CONTRACT_CHECK}
    expectations: list[Expectation] = [
        gxe.ExpectTableColumnsToMatchSet(column_set=dataset.column_names, exact_match=True, meta=meta)
    ]
    for column in dataset.columns:
        expectations += _column_contract(column, meta)
    return expectations


def _column_contract(column: Column, meta: dict[str, str]) -> list[Expectation]:
    expectations: list[Expectation] = []
    if column.is_required:
        expectations.append(gxe.ExpectColumnValuesToNotBeNull(column=column.name, meta=meta))
    if column.allowed:
        expectations.append(
            gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.allowed), meta=meta)
        )
    if column.type in _NUMBERS:
        expectations.append(
            gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=column.minimum, max_value=column.maximum, meta=meta
            )
        )
    return expectations
