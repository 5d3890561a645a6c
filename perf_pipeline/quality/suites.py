"""Great Expectations suites, generated from the catalogue. Imports Great Expectations: import this only to run a check."""

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations.expectation import Expectation

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, KEY_CHECK, RULES
from perf_pipeline.catalogue.columns import Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset

_NUMBERS = (ColumnType.COUNT, ColumnType.PERCENT, ColumnType.HEADLINE)


def suite_of(dataset: str) -> ExpectationSuite:
    """The suite of a table; each expectation names its check in `meta`."""
    entry = DATASETS[dataset]
    expectations = [
        *_contract(entry),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=list(entry.key), meta={"check": KEY_CHECK}),
        *(
            gxe.UnexpectedRowsExpectation(
                unexpected_rows_query=rule.broken_rows,
                description=f"{rule.name.replace('_', ' ').capitalize()}.",
                meta={"check": rule.name},
            )
            for rule in RULES[dataset]
        ),
    ]
    return ExpectationSuite(name=dataset, expectations=expectations)


def _contract(dataset: Dataset) -> list[Expectation]:
    meta = {"check": CONTRACT_CHECK}
    expectations: list[Expectation] = [
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=dataset.column_names, meta=meta)
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
            gxe.ExpectColumnValuesToBeBetween(column=column.name, min_value=0, max_value=column.maximum, meta=meta)
        )
    return expectations
