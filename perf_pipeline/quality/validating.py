"""Running a suite inside PostgreSQL on the days of a range. Great Expectations is imported here, when a check runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine

from perf_pipeline.catalogue.checks import checks_of
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.windows import cohorts_touched
from perf_pipeline.warehouse.engine import with_password

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult

_SHOWN = 5


@dataclass(frozen=True)
class CheckOutcome:
    """How one check of a table ended. A check that could not run did not pass."""

    name: str
    passed: bool
    findings: tuple[str, ...] = ()


def days_written(dataset: str, days: DayRange) -> DayRange:
    """The days of the dataset that a run of `days` writes, so that none of its rows goes unchecked."""
    entry = DATASETS[dataset]
    grown = cohorts_touched(days) if entry.indicator == "completion-rate" else days
    return grown.whole_months() if entry.stage is Stage.MONTHLY_METRICS else grown


def validate(warehouse: Engine, dataset: str, days: DayRange) -> list[CheckOutcome]:
    """Check the dataset's rows of the days; one outcome for each check of the catalogue."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from perf_pipeline.quality.suites import suite_of

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres("warehouse", connection_string=_address(warehouse.url))
    day = DATASETS[dataset].day_column
    rows = f"SELECT * FROM perf.{dataset} WHERE {day} BETWEEN DATE '{days.first}' AND DATE '{days.last}'"
    try:
        batch = source.add_query_asset(dataset, query=rows).add_batch_definition_whole_table("days").get_batch()
        result = batch.validate(suite_of(dataset))
    finally:
        # It would keep its connections until it is collected.
        source.get_execution_engine().close()
        source.get_engine().dispose()
    findings: dict[str, list[str]] = {name: [] for name in checks_of(dataset)}
    for expectation in result.results:
        if not expectation.success:
            findings[_check_of(expectation)].append(_finding(expectation))
    return [CheckOutcome(name, not found, tuple(found[:_SHOWN])) for name, found in findings.items()]


def _address(url: URL) -> str:
    """The warehouse's URL as Great Expectations accepts it: it wants a host even where a socket folder is given."""
    return with_password(url.set(host=url.host or "localhost"))


def _check_of(expectation: "ExpectationValidationResult") -> str:
    """The check that an expectation belongs to, as its suite noted."""
    config = expectation.expectation_config
    return str(config.meta["check"]) if config and config.meta else ""


def _finding(expectation: "ExpectationValidationResult") -> str:
    """One line on what was expected and found. Values are counts and names of our own tables, nobody's words."""
    config = expectation.expectation_config
    if config is None:
        return "an expectation could not be checked"
    name = config.description or f"{config.type} {config.kwargs.get('column', '')}".strip()
    if _crashed(expectation.exception_info):
        return f"{name}: could not be checked"
    found = expectation.result.get("unexpected_count", expectation.result.get("observed_value"))
    return f"{name}: {found} found otherwise"


def _crashed(exception_info: Mapping[str, Any]) -> bool:
    """Whether an expectation raised: Great Expectations says so at the top or by metric."""
    infos = [exception_info, *(info for info in exception_info.values() if isinstance(info, dict))]
    return any(info.get("raised_exception") for info in infos)
