"""Running a suite inside PostgreSQL on the days of a range. Great Expectations is imported here, when a check runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, event

from perf_pipeline.catalogue.checks import Batch
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import Result
from perf_pipeline.quality.queries import batch_sql, rules_on, suite_name
from perf_pipeline.warehouse.engine import with_password

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult


_COULD_NOT_BE_MADE = {"raised_exception": True, "exception_message": "It could not be made.", "exception_traceback": ""}
_WORST_FIRST = (Result.CRASHED, Result.FAILED, Result.PASSED)


@dataclass(frozen=True)
class Validation:
    """How a suite went, and Great Expectations' own account of it."""

    suite: str
    results: dict[str, Result]
    """By check, over all days together."""
    report: "ExpectationSuiteValidationResult"


def validate(warehouse: Engine, dataset: str, batch: Batch, days: DayRange, services: Services) -> Validation:
    """Run the dataset's suite on the days. A check of which an expectation could not be evaluated has crashed."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.core.result_format import ResultFormat
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from perf_pipeline.quality.suites import suite_of

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres("warehouse", connection_string=_address(warehouse.url))
    name = suite_name(dataset, batch)
    try:
        query = batch_sql(dataset, batch, days)
        _fetch_no_rows_of(source.get_execution_engine().engine, query)
        rows = source.add_query_asset(name, query=query)
        definition = rows.add_batch_definition_whole_table("days")
        # The page lies beside the release: no value of an extract may stand on it, nor a driver's words.
        is_extract = DATASETS[dataset].stage is Stage.EXTRACTED
        result_format = ResultFormat.BOOLEAN_ONLY if is_extract else ResultFormat.SUMMARY
        suite = suite_of(dataset, batch, days, services)
        report = definition.get_batch().validate(suite, result_format=result_format)
    finally:
        # It would keep its connections until it is collected.
        source.get_execution_engine().close()
        source.get_engine().dispose()
    outcomes: dict[str, set[Result]] = {rule.name: set() for rule in rules_on(dataset, batch)}
    for expectation in report.results:
        outcomes[_check_of(expectation)].add(_outcome(expectation))
    # A check of which nothing came back has not been made.
    results = {
        check: next((worst for worst in _WORST_FIRST if worst in outcomes[check]), Result.CRASHED) for check in outcomes
    }
    for expectation in report.results:
        if _crashed(expectation.exception_info):
            expectation.exception_info = dict(_COULD_NOT_BE_MADE)
    return Validation(name, results, report)


def _address(url: URL) -> str:
    """The warehouse's URL as Great Expectations accepts it: it wants a host even where a socket folder is given."""
    return with_password(url.set(host=url.host or "localhost"))


def _fetch_no_rows_of(engine: Engine, query: str) -> None:
    """Great Expectations runs a batch's query as it is to learn its columns, and would get every row with them."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def learn_columns(
        _connection: Connection, _cursor: object, statement: str, parameters: object, _context: object, _many: bool
    ) -> tuple[str, object]:
        return f"{statement} LIMIT 0" if statement == query else statement, parameters


def _check_of(expectation: "ExpectationValidationResult") -> str:
    """The check that an expectation belongs to, as its suite noted."""
    config = expectation.expectation_config
    return str(config.meta["check"]) if config and config.meta else ""


def _outcome(expectation: "ExpectationValidationResult") -> Result:
    if _crashed(expectation.exception_info):
        return Result.CRASHED
    return Result.PASSED if expectation.success else Result.FAILED


def _crashed(exception_info: Mapping[str, Any]) -> bool:
    """Whether an expectation raised: Great Expectations says so at the top or by metric."""
    infos = [exception_info, *(info for info in exception_info.values() if isinstance(info, dict))]
    return any(info.get("raised_exception") for info in infos)
