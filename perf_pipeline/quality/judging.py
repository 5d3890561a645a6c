"""The verdict on every day of a dataset: Great Expectations says which checks hold, the database on which days they don't.

A check that crashes has not passed on any day. Verdicts of a dataset are written whole, with its table locked, so that no
run can change a day between the check and the verdict on it.
"""

from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import dagster as dg
import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, Table, select, text
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.checks import Batch, Rule
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import Result
from perf_pipeline.catalogue.windows import cohorts_touched
from perf_pipeline.quality.data_docs import write_page
from perf_pipeline.quality.queries import batch_sql, by_day_sql, rules_on
from perf_pipeline.quality.validating import validate
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import first_line, transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.verdicts import void_verdicts

_SQL = Path(__file__).parent / "sql"
_BATCHES: tuple[Batch, ...] = ("rows", "deliveries")
_log = dg.get_dagster_logger("perf_pipeline")

ServiceDay = tuple[str, date]


@dataclass(frozen=True)
class Finding:
    """What one check says of one day of a service."""

    result: Result
    observed: str | None = None
    expected: str | None = None


def days_written(dataset: str, days: DayRange) -> DayRange:
    """The days of the dataset that a run of `days` writes, so that none of its rows goes unchecked."""
    entry = DATASETS[dataset]
    if entry.stage is Stage.EXTRACTED:
        return days
    grown = cohorts_touched(days) if entry.indicator == "completion-rate" else days
    return grown.whole_months() if entry.stage is Stage.MONTHLY_METRICS else grown


def judge(systems: Systems, dataset: str, days: DayRange, run_id: str) -> None:
    """Check the dataset's days and write the verdict of every check on each of them, and the page of each suite."""
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, dataset)
        judged = _service_days(connection, dataset, days, systems.services)
        rows = [
            (
                dataset,
                *service_day,
                rule.name,
                rule.severity.value,
                finding.result.value,
                finding.observed,
                finding.expected,
            )
            for batch in _BATCHES
            for rule, findings in _checked(systems, connection, dataset, batch, days).items()
            for service_day, finding in _of_every_day(findings, judged)
        ]
        columns = ["dataset", "service", "report_date", "check_name", "severity", "result", "observed", "expected"]
        frame = pd.DataFrame(rows, columns=columns).assign(run_id=run_id, decided_at=systems.clock())
        void_verdicts(connection, dataset, days)
        insert_frame(connection, TABLES["verdicts"], frame, list(frame.columns))
        bounds = {"dataset": dataset, "first_day": days.first, "last_day": days.last}
        run_sql(connection, _SQL / "drop_last_good_days.sql", **bounds)


def _service_days(connection: Connection, dataset: str, days: DayRange, services: Services) -> set[ServiceDay]:
    """The days to judge: those that have rows, and those that should have while the service is there."""
    entry = DATASETS[dataset]
    found: set[ServiceDay] = set()
    bounds = {"first_day": days.first, "last_day": days.last}
    if entry.indicator and entry.stage is not Stage.MONTHLY_METRICS:
        file = "asked_days.sql" if entry.stage is Stage.EXTRACTED else "delivered_days.sql"
        sources = list(METRICS[entry.indicator].sources)
        rows = run_sql(connection, _SQL / file, sources=sources, **bounds)
        found |= {(row.service, row.report_date) for row in rows if row.service in services}
    if entry.stage is not Stage.EXTRACTED:
        table = TABLES[dataset]
        try:
            with connection.begin_nested():
                found |= _days_in(connection, table, table.c[entry.day_column], days)
        except DBAPIError as error:
            # Its checks will crash. The days with an earlier verdict are known, and must not keep it.
            _log.error("%s could not be read: %s", dataset, first_line(error))
            verdicts = TABLES["verdicts"]
            found |= _days_in(connection, verdicts, verdicts.c.report_date, days, verdicts.c.dataset == dataset)
    return found


def _days_in(
    connection: Connection, table: Table, day: Column[date], days: DayRange, *conditions: ColumnElement[bool]
) -> set[ServiceDay]:
    statement = select(table.c.service, day).where(day.between(days.first, days.last), *conditions).distinct()
    return {(service, on_day) for service, on_day in connection.execute(statement)}


Findings = dict[ServiceDay, Finding] | Finding
"""By service and day, or one finding that holds for all of them."""


def _checked(
    systems: Systems, connection: Connection, dataset: str, batch: Batch, days: DayRange
) -> dict[Rule, Findings]:
    """Every check of one kind of batch, with what it found."""
    rules = rules_on(dataset, batch)
    if not rules:
        return {}
    try:
        validation = validate(systems.warehouse, dataset, batch, days, systems.services)
    except Exception as error:  # Whatever it is, nothing has been checked. Its text may quote rows.
        _log.error("%s could not be checked for %s: %s", dataset, days, type(error).__name__)
        return dict.fromkeys(rules, _crash(type(error).__name__))
    try:
        write_page(systems.publish_dir, validation)
    except Exception as error:  # Whatever it is, the verdict does not depend on its page.
        # Of a folder that can't be written to the release will say the same, and fail on it.
        _log.warning("The page of %s could not be written to %s: %s", dataset, systems.publish_dir, error)
    return {
        rule: _located(connection, rule, dataset, days, systems.services, validation.results[rule.name])
        for rule in rules
    }


def _located(
    connection: Connection, rule: Rule, dataset: str, days: DayRange, services: Services, result: Result
) -> Findings:
    """On which days a check that failed did so, and what it observed."""
    if result is Result.CRASHED:
        return _crash("its query")
    if result is Result.PASSED and not rule.shows_observed:
        return {}
    query = by_day_sql(rule, days, services, batch_sql(dataset, rule.batch, days))
    try:
        with connection.begin_nested():
            found = connection.execute(text(query)).all()
    except DBAPIError as error:
        _log.error("%s, %s could not be located: %s", dataset, rule.name, first_line(error))
        return _crash(type(error.orig).__name__)
    if result is Result.FAILED and not any(row.is_broken for row in found):
        # It is about the table as a whole, such as a column too many.
        return Finding(Result.FAILED, "the table differs from the catalogue", "the catalogue's columns and values")
    return {
        (row.service, row.report_date): Finding(
            Result.FAILED if row.is_broken else Result.PASSED, _with_count(row.observed, row.faults), row.expected
        )
        for row in found
    }


def _with_count(observed: str | None, faults: int) -> str | None:
    return f"{observed} (and {faults - 1} more)" if observed and faults > 1 else observed


def _crash(what: str) -> Finding:
    return Finding(Result.CRASHED, f"the check could not be made: {what} failed", "a check that can be made")


def _of_every_day(findings: Findings, judged: set[ServiceDay]) -> list[tuple[ServiceDay, Finding]]:
    """One finding for each day: what was not found to break the check keeps it."""
    if isinstance(findings, Finding):
        return list(product(judged, [findings]))
    passed = Finding(Result.PASSED)
    return [(service_day, findings.get(service_day, passed)) for service_day in judged]
