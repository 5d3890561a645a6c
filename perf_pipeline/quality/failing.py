"""What stands against the days of a run, and the causes to tell people: one for each check and service, not one a day."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, Row

from perf_pipeline.catalogue.checks import CHECKED, NOT_CHECKED, RULES
from perf_pipeline.catalogue.datasets import DATASETS, Stage, extract_of
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.quality.causes import Cause
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_DAYS_TOLD = 5
_TOLD_BY_THE_LEDGER = "every_source_was_read"
_MONTHLY = [name for name in CHECKED if DATASETS[name].stage is Stage.MONTHLY_METRICS]

Failed = Row[tuple[object, ...]]
"""A row of failed_verdicts.sql."""


def failed_verdicts(
    connection: Connection, days: DayRange, run_id: str, datasets: Iterable[str] = CHECKED
) -> list[Failed]:
    """Verdicts on the days, or of the run, that are more than a warning and did not pass."""
    rows = run_sql(
        connection,
        _SQL / "failed_verdicts.sql",
        run_id=run_id,
        datasets=list(datasets),
        monthly=_MONTHLY,
        first_day=days.first,
        last_day=days.last,
    )
    return list(rows)


def causes_of_days(connection: Connection, days: DayRange, run_id: str) -> list[Cause]:
    """Why days of a run are held back or lacking, sources first."""
    sources = run_sql(connection, _SQL / "failed_deliveries.sql", first_day=days.first, last_day=days.last)
    causes = [
        Cause(
            subject=f"{service}, {source}",
            days=_days(rows),
            found=failure,
            next_step=RULES[extract_of(source)][_TOLD_BY_THE_LEDGER].next_step,
            check=_TOLD_BY_THE_LEDGER,
            asset=extract_of(source),
        )
        for (service, source, failure), rows in _grouped(sources, "service", "source_name", "failure")
    ]
    for (dataset, service, check), rows in _grouped(
        failed_verdicts(connection, days, run_id), "dataset", "service", "check_name"
    ):
        rule = RULES[dataset].get(check)
        if rule is None or check == _TOLD_BY_THE_LEDGER:
            continue
        if rule.is_consequence:
            # What stands against the extract is told there; that nothing was said of it is told here.
            rows = [row for row in rows if row.observed == NOT_CHECKED]
        if not rows:
            continue
        causes.append(
            Cause(
                subject=f"{service}, {dataset}",
                days=_days(rows),
                found=_found(rows),
                expected=rows[0].expected or "",
                next_step=rule.next_step,
                check=check,
                asset=dataset,
            )
        )
    return causes


def _grouped(rows: Iterable[Failed], *names: str) -> list[tuple[tuple[str, ...], list[Failed]]]:
    def key(row: Failed) -> tuple[str, ...]:
        return tuple(getattr(row, name) or "" for name in names)

    return [(values, list(group)) for values, group in groupby(sorted(rows, key=key), key=key)]


def _found(rows: list[Failed]) -> str:
    """What was found, once where it is the same on all days, else by day."""
    different = {row.observed for row in rows}
    if len(different) == 1:
        return rows[0].observed or "otherwise"
    told = "; ".join(f"{row.report_date}: {row.observed}" for row in rows[:_DAYS_TOLD])
    return told + (f"; and {len(rows) - _DAYS_TOLD} more days" if len(rows) > _DAYS_TOLD else "")


def _days(rows: Iterable[Failed]) -> tuple[date, ...]:
    return tuple(sorted({row.report_date for row in rows}))
