"""The verdicts on days as the results of Dagster's asset checks: what is shown, and in which words."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, month_start
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.flow.dagster_private import Materialization
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
_SHOWN = 12
"""Days or ranges of days that a description names."""

Verdict = Row[tuple[object, ...]]
Verdicts = Mapping[date, list[Verdict]]
"""By day. A day without any was not checked since it was built."""
Pages = Mapping[str, dg.MetadataValue]


def verdicts_by_day(warehouse: Engine, dataset: str, days: DayRange, run_id: str) -> Verdicts:
    """The verdicts on each of the days, and on other days that the run has judged; of a monthly dataset, on its month."""
    is_monthly = DATASETS[dataset].is_monthly
    bounds = days.whole_months() if is_monthly else days
    values = {"dataset": dataset, "first_day": bounds.first, "last_day": bounds.last, "run_id": run_id}
    with connected(warehouse) as connection:
        rows = run_sql(connection, _SQL / "verdicts_of_dataset.sql", **values).all()
    by_period = {period: list(verdicts) for period, verdicts in groupby(rows, key=lambda row: row.period_start)}
    if is_monthly:
        return {day: by_period.get(month_start(day), []) for day in days}
    return {day: by_period.get(day, []) for day in sorted({*days, *by_period})}


def evaluations_of_days(
    key: dg.AssetCheckKey, by_day: Verdicts, about: Mapping[date, Materialization], pages: Pages
) -> list[dg.AssetCheckEvaluation]:
    """One for each day that was checked, and one for all of them, which Dagit shows beside the check's name."""
    checked = {day: verdicts for day, verdicts in by_day.items() if verdicts}
    days = [
        dg.AssetCheckEvaluation(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=not _failed(verdicts),
            severity=_severity(verdicts),
            description=_outcome(verdicts),
            metadata={**_metadata(verdicts), **pages},
            partition=day.isoformat(),
            target_materialization_data=about.get(day),
        )
        for day, verdicts in checked.items()
    ]
    failed = [day for day, verdicts in checked.items() if _failed(verdicts)]
    together = dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failed,
        description=_outcome_of_run(by_day, failed),
        metadata=pages,
    )
    return [*days, together]


def _outcome(verdicts: list[Verdict]) -> str:
    failed, warnings = _failed(verdicts), _warnings(verdicts)
    found = "; ".join(f"{row.subject} {row.check_name.replace('_', ' ')}" for row in failed or warnings)
    if failed:
        return f"Failed: {found}."
    return f"Passed, with a warning: {found}." if warnings else "Passed."


def _outcome_of_run(by_day: Verdicts, failed: list[date]) -> str:
    unchecked = [day for day, verdicts in by_day.items() if not verdicts]
    warned = [day for day, verdicts in by_day.items() if _warnings(verdicts)]
    parts = [
        f"Failed on {_named(failed)}." if failed else f"True for {_named(day for day in by_day if by_day[day])}.",
        f"Warnings on {_named(warned)}." if warned else "",
        f"Not checked, because there are no figures yet: {_named(unchecked)}." if unchecked else "",
    ]
    return " ".join(filter(None, parts))


def _named(days: Iterable[date]) -> str:
    ranges = [str(found) for found in as_ranges(set(days))]
    more = f" and {len(ranges) - _SHOWN} more" if len(ranges) > _SHOWN else ""
    return ", ".join(ranges[:_SHOWN]) + more


def _failed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [row for row in verdicts if row.result != Result.PASSED.value and row.severity != Severity.WARNING.value]


def _warnings(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [row for row in verdicts if row.result != Result.PASSED.value and row.severity == Severity.WARNING.value]


def _severity(verdicts: list[Verdict]) -> dg.AssetCheckSeverity:
    is_only_warned = _warnings(verdicts) and not _failed(verdicts)
    return dg.AssetCheckSeverity.WARN if is_only_warned else dg.AssetCheckSeverity.ERROR


def evaluation_of_warnings(key: dg.AssetCheckKey, by_day: Verdicts, pages: Pages) -> dg.AssetCheckEvaluation:
    """The warnings on the days of a run. Dagit shows them as a warning; the days themselves have passed."""
    warnings = {day: _warnings(verdicts) for day, verdicts in by_day.items() if _warnings(verdicts)}
    found = {
        f"{day} {row.subject} {row.check_name}": dg.MetadataValue.text(f"{row.observed}, expected {row.expected}")
        for day, rows in list(warnings.items())[-_SHOWN:]
        for row in rows
    }
    return dg.AssetCheckEvaluation(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not warnings,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Warnings on {_named(warnings)}." if warnings else "No day of the run has a warning.",
        metadata={**found, **pages},
    )


def _metadata(verdicts: Iterable[Verdict]) -> Mapping[str, dg.MetadataValue]:
    """By service, the checks that passed; by check, what another one found and what was expected."""
    shown: dict[str, dg.MetadataValue] = {}
    for subject, of_subject in groupby(verdicts, key=lambda row: row.subject):
        rows = list(of_subject)
        passed = ", ".join(row.check_name for row in rows if row.result == Result.PASSED.value)
        shown |= {f"{subject} passed": dg.MetadataValue.text(passed)} if passed else {}
        for row in (row for row in rows if row.result != Result.PASSED.value):
            word = "warning" if row.severity == Severity.WARNING.value else row.result
            expected = f", expected {row.expected}" if row.expected else ""
            shown[f"{subject} {row.check_name}"] = dg.MetadataValue.text(
                f"{word}: {row.observed or 'not so'}{expected}"
            )
    return shown
