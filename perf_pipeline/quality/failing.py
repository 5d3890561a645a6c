"""The causes of failed days and sources, for people: one for each check and service, not one a day."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, Row

from perf_pipeline.catalogue.checks import CHECKED, NOT_CHECKED, RULES, SOURCE_RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.quality.causes import Cause
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_DAYS_NAMED = 5
_FIND_MISSING_DAYS = ("sources_deliver_in_time", "sources_hold_every_day_they_call_complete")
_MONTHLY = [name for name in CHECKED if DATASETS[name].is_monthly]

Failed = Row[tuple[object, ...]]
"""A row of failed_verdicts.sql or failed_sources.sql."""


def failed_verdicts(
    connection: Connection, services: Services, days: DayRange, run_id: str, datasets: Iterable[str] = CHECKED
) -> list[Failed]:
    """Verdicts on the days, or of the run, that are more than a warning and did not pass."""
    rows = run_sql(
        connection,
        _SQL / "failed_verdicts.sql",
        run_id=run_id,
        datasets=list(datasets),
        monthly=_MONTHLY,
        subjects=[service.slug for service in services],
        source_checks=list(SOURCE_RULES),
        first_day=days.first,
        last_day=days.last,
    )
    return list(rows)


def failed_sources(connection: Connection, services: Services) -> list[Failed]:
    """What the last extraction found wrong with the sources."""
    subjects = [service.slug for service in services]
    return list(run_sql(connection, _SQL / "failed_sources.sql", source_checks=list(SOURCE_RULES), subjects=subjects))


def causes_of_sources(connection: Connection, services: Services, days: DayRange | None = None) -> list[Cause]:
    """Why sources failed or are late; with `days`, what a person asked for, only those days count as missing."""
    failed = [
        row
        for row in failed_sources(connection, services)
        if days is None or row.check_name not in _FIND_MISSING_DAYS or row.period_start in days
    ]
    found = _grouped(failed, "subject", "dataset", "check_name", "observed")
    return [
        Cause(
            subject=f"{subject}, {dataset}",
            days=_days(rows),
            found=observed,
            expected=rows[0].expected or "",
            next_step=SOURCE_RULES[check].next_step,
            check=check,
            asset=dataset,
        )
        for (subject, dataset, check, observed), rows in found
    ]


def causes_of_days(connection: Connection, services: Services, days: DayRange, run_id: str) -> list[Cause]:
    """Why days of a run are held back."""
    causes: list[Cause] = []
    failed = _grouped(failed_verdicts(connection, services, days, run_id), "dataset", "subject", "check_name")
    for (dataset, subject, check), rows in failed:
        rule = RULES[dataset].get(check)
        if rule is None:
            continue
        if rule.is_consequence:
            # Failures of the extract are reported on the extract. This check only reports one that was never checked.
            rows = [row for row in rows if row.observed == NOT_CHECKED]
        if not rows:
            continue
        causes.append(
            Cause(
                subject=f"{subject}, {dataset}",
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
        return rows[0].observed or ""
    named = "; ".join(f"{row.period_start}: {row.observed}" for row in rows[:_DAYS_NAMED])
    return named + (f"; and {len(rows) - _DAYS_NAMED} more days" if len(rows) > _DAYS_NAMED else "")


def _days(rows: Iterable[Failed]) -> tuple[date, ...]:
    return tuple(sorted({row.period_start for row in rows}))
