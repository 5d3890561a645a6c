"""The verdict on every day of a dataset.

A check that crashes has not passed on any day. Verdicts of a dataset are written whole, with its table locked, so that no
run can change a day between the check and the verdict on it.
"""

from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import dagster as dg
import pandas as pd
from sqlalchemy import Column, ColumnElement, Connection, select
from sqlalchemy.exc import DBAPIError

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, RULES, SOURCE_RULES
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import NOT_RUN, Result
from perf_pipeline.quality.data_docs import CheckedRange, write_page
from perf_pipeline.quality.queries import sources_of
from perf_pipeline.quality.validating import Found, validate
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, first_line, transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.stand_ins import stand_ins
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"
_log = dg.get_dagster_logger("perf_pipeline")

ServiceDay = tuple[str, date]


@dataclass(frozen=True)
class Finding:
    """What one check found on one day of a service."""

    result: Result
    observed: str | None = None
    expected: str | None = None


def judge(systems: Systems, dataset: str, days: DayRange, run_id: str) -> None:
    """Check the dataset's days and write the verdict of every check on each of them, and its page."""
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, dataset)
        judged = _service_days(connection, dataset, days, systems.services)
        rows = [
            (
                dataset,
                *service_day,
                check,
                RULES[dataset][check].severity.value,
                finding.result.value,
                finding.observed,
                finding.expected,
            )
            for check, findings in _checked(systems, dataset, days).items()
            for service_day, finding in _of_every_day(findings, judged)
        ]
        columns = ["dataset", "subject", "period_start", "check_name", "severity", "result", "observed", "expected"]
        # As a text: pandas takes seconds to format the same instant in every row.
        frame = pd.DataFrame(rows, columns=columns).assign(run_id=run_id, decided_at=systems.clock().isoformat())
        bounds = {"dataset": dataset, "first_day": days.first, "last_day": days.last}
        run_sql(connection, _SQL / "delete_verdicts.sql", source_checks=list(SOURCE_RULES), **bounds)
        insert_frame(connection, TABLES["verdicts"], frame, list(frame.columns))
        run_sql(connection, _SQL / "record_passed.sql", **bounds)
        run_sql(connection, _SQL / "drop_last_good_periods.sql", **bounds)
    _write_page(systems, dataset, days, run_id, frame)


def _write_page(systems: Systems, dataset: str, days: DayRange, run_id: str, verdicts: pd.DataFrame) -> None:
    try:
        with connected(systems.warehouse) as connection:
            is_demonstration = bool(stand_ins(connection))
        checked = CheckedRange(days, systems.clock(), run_id, is_demonstration)
        write_page(systems.data_docs_dir, dataset, checked, verdicts.to_dict("records"))
    except Exception as error:  # Whatever it is, the verdict does not depend on its page.
        _log.warning("The page of %s could not be written to %s: %s", dataset, systems.data_docs_dir, error)


def _service_days(connection: Connection, dataset: str, days: DayRange, services: Services) -> set[ServiceDay]:
    """The days to judge: those that have rows, and those that should have while the service is there."""
    entry = DATASETS[dataset]
    found: set[ServiceDay] = set()
    if entry.indicator and not entry.is_monthly:
        bounds = {"sources": sources_of(entry), "first_day": days.first, "last_day": days.last}
        rows = run_sql(connection, _SQL / "delivered_days.sql", **bounds)
        found |= {(row.subject, row.period_start) for row in rows if row.subject in services}
    if entry.stage is not Stage.EXTRACTED:
        table = TABLES[dataset]
        try:
            with connection.begin_nested():
                found |= _days_in(connection, table.c[entry.subject], table.c[entry.day_column], days)
        except DBAPIError as error:
            # Its checks will crash. The days with an earlier verdict are known, and must not keep it.
            _log.error("%s could not be read: %s", dataset, first_line(error))
            verdicts = TABLES["verdicts"]
            is_dataset = verdicts.c.dataset == dataset
            found |= _days_in(connection, verdicts.c.subject, verdicts.c.period_start, days, is_dataset)
    return {(subject, day) for subject, day in found if subject in services}


def _days_in(
    connection: Connection, subject: Column[str], day: Column[date], days: DayRange, *conditions: ColumnElement[bool]
) -> set[ServiceDay]:
    statement = select(subject, day).where(day.between(days.first, days.last), *conditions).distinct()
    return {(name, on_day) for name, on_day in connection.execute(statement)}


Findings = dict[ServiceDay, Finding] | Finding
"""By subject and day, or one finding that holds for all of them."""


def _checked(systems: Systems, dataset: str, days: DayRange) -> dict[str, Findings]:
    """By check of the dataset: what it found."""
    try:
        validation = validate(systems.warehouse, dataset, days, systems.services)
    except Exception as error:  # Whatever it is, nothing has been checked. Its text may quote rows.
        _log.error("%s could not be checked for %s: %s", dataset, days, type(error).__name__)
        return dict.fromkeys(RULES[dataset], _crash(type(error).__name__))
    findings = {check: _findings(found) for check, found in validation.found.items()}
    if validation.table_differs and validation.found[CONTRACT_CHECK] is not None:
        findings[CONTRACT_CHECK] = Finding(
            Result.FAILED, "the table differs from the catalogue", "the catalogue's columns and values"
        )
    return findings


def _findings(found: Found | None) -> Findings:
    if found is None:
        return _crash("its query")
    return {
        (row["subject"], row["period_start"]): Finding(
            Result.FAILED if row["is_broken"] else Result.PASSED,
            _with_count(row["observed"], row["faults"]),
            row["expected"],
        )
        for row in found
    }


def _with_count(observed: str | None, faults: int) -> str | None:
    return f"{observed} (and {faults - 1} more)" if observed and faults > 1 else observed


def _crash(what: str) -> Finding:
    return Finding(Result.CRASHED, f"{NOT_RUN}: {what} failed", "a check that can be run")


def _of_every_day(findings: Findings, judged: set[ServiceDay]) -> list[tuple[ServiceDay, Finding]]:
    """One finding for each day: a day that a check did not find has passed it."""
    if isinstance(findings, Finding):
        return list(product(judged, [findings]))
    passed = Finding(Result.PASSED)
    return [(service_day, findings.get(service_day, passed)) for service_day in judged]
