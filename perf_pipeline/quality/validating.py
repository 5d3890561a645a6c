"""Running the suite of a dataset inside PostgreSQL. Great Expectations is imported here, when a check runs."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.warehouse.engine import SESSION_OPTIONS, with_password
from perf_pipeline.warehouse.tables import SCHEMA

if TYPE_CHECKING:
    from great_expectations.datasource.fluent import PostgresDatasource

Found = list[dict[str, Any]]
"""Rows of findings_by_day.sql."""


@dataclass(frozen=True)
class Validation:
    """What the checks of a dataset found."""

    found: dict[str, Found | None]
    """By check; None where it crashed."""
    table_differs: bool
    """Whether the table has other columns than the catalogue, which is about every day."""


def validate(warehouse: Engine, dataset: str, days: DayRange, services: Services) -> Validation:
    """Run the dataset's suite on the days; the SQL of each check runs once."""
    _prepare_import()
    from perf_pipeline.quality.suites import suite_of

    with _data_source(warehouse) as source:
        batch = source.add_table_asset(dataset).add_batch_definition_whole_table("table").get_batch()
        report = batch.validate(suite_of(dataset, days, services))
    # A check without a result has not been run.
    found: dict[str, Found | None] = dict.fromkeys(RULES[dataset])
    table_differs = False
    for result in report.results:
        check = result.expectation.meta["check"] if result.expectation.meta else ""
        if _has_crashed(result.exception_info):
            continue
        if "details" in result.result and "found" in result.result["details"]:
            found[check] = result.result["details"]["found"]
        else:
            table_differs = not result.success
    return Validation(found, table_differs)


class _ImportedWhenUsed(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def _prepare_import() -> None:
    """Great Expectations imports these modules for expectations that we don't use. They take 40 % of its time and memory."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    for name in ("scipy.stats", "altair"):
        sys.modules.setdefault(name, _ImportedWhenUsed(name))


@contextmanager
def _data_source(warehouse: Engine) -> Iterator["PostgresDatasource"]:
    """The warehouse as Great Expectations opens it. It keeps its connections until they are closed here."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres("warehouse", connection_string=_address(warehouse.url))
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _address(url: URL) -> str:
    """The warehouse's URL for Great Expectations: it wants a host even where a socket's folder is given."""
    options = f"{SESSION_OPTIONS} -c search_path={SCHEMA}"
    return with_password(url.set(host=url.host or "localhost").update_query_dict({"options": options}))


def _has_crashed(exception_info: Mapping[str, Any]) -> bool:
    """Whether an expectation raised: Great Expectations reports it at the top or by metric."""
    infos = [exception_info, *(info for info in exception_info.values() if isinstance(info, dict))]
    return any(info.get("raised_exception") for info in infos)
