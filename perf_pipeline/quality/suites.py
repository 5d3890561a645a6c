"""Great Expectations suites, generated from the catalogue. Imports Great Expectations: import this only to run a check."""

from typing import Any, ClassVar

from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metadata_types import FailureSeverity

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, RULES, Rule
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.quality.queries import findings_sql

_GX_SEVERITY = {
    Severity.BLOCKING: FailureSeverity.CRITICAL,
    Severity.FAILING: FailureSeverity.CRITICAL,
    Severity.WARNING: FailureSeverity.WARNING,
}


class ExpectEveryDayToPass(BatchExpectation):
    """That the SQL of a check finds no day that breaks it; the result holds what it found, by day.

    UnexpectedRowsExpectation would run the SQL twice, for the number of rows and for the first 200 of them, and the days
    would take a third time. This one runs it once and keeps every row.
    """

    query: str
    fetch_all: bool = True

    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.table",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)
    success_keys: ClassVar[tuple[str, ...]] = ("query", "fetch_all")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        found = metrics["query.table"]
        broken = sum(bool(row["is_broken"]) for row in found)
        return {"success": not broken, "result": {"observed_value": f"{broken} days", "details": {"found": found}}}


def suite_of(dataset: str, days: DayRange, services: Services) -> ExpectationSuite:
    """The suite of a dataset; each expectation names its check in `meta`."""
    columns = gxe.ExpectTableColumnsToMatchSet(
        column_set=DATASETS[dataset].column_names, exact_match=True, meta={"check": CONTRACT_CHECK}
    )
    checks = [_expectation(rule, dataset, days, services) for rule in RULES[dataset].values()]
    return ExpectationSuite(name=dataset, expectations=[columns, *checks])


def _expectation(rule: Rule, dataset: str, days: DayRange, services: Services) -> ExpectEveryDayToPass:
    return ExpectEveryDayToPass(
        query=findings_sql(rule, dataset, days, services),
        description=rule.sentence,
        severity=_GX_SEVERITY[rule.severity],
        meta={"check": rule.name},
    )
