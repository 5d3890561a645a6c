"""Dagster's asset checks: one for each dataset, which shows the verdict on every day. None of them blocks.

What stops a bad day is the table `verdicts`, which the stages read; Dagster's blocking checks would stop a whole range, and
only in the run that they fail in.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.checks import CHECKED, RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange, month_start
from perf_pipeline.flow.dagster_private import log_verdict, materializations_of
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.quality.data_docs import link_to
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

CHECK = "every_day_passes_its_checks"
_SQL = Path(__file__).parent / "sql"

Verdict = Row[tuple[object, ...]]


def check_on(dataset: str, partitions: dg.DailyPartitionsDefinition) -> dg.AssetChecksDefinition:
    """The check of one dataset, with a result a day."""
    is_monthly = DATASETS[dataset].is_monthly

    @dg.asset_check(
        asset=dataset,
        name=CHECK,
        description=_description(dataset),
        additional_deps=["monthly_verdicts" if is_monthly else "daily_verdicts"],
        partitions_def=partitions,
        blocking=False,
    )
    def show_verdicts(
        context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]
    ) -> dg.AssetCheckResult:
        with classify_failures():
            days = day_range(context)
            shown = shown_verdicts(systems.warehouse, dataset, days)
        pages = {"data docs": dg.MetadataValue.url(link_to(systems.data_docs_address, dataset))}
        log_days(context.op_execution_context, dataset, shown, pages)
        bad = [str(day) for day, verdicts in shown.items() if not passes(verdicts)]
        return dg.AssetCheckResult(
            passed=not bad, description=f"Failed on {', '.join(bad)}." if bad else f"True for {days}.", metadata=pages
        )

    return show_verdicts


def _description(dataset: str) -> str:
    rules = RULES[dataset].values()
    lines = [f"- `{rule.name}` ({rule.severity.value}): protects from {rule.protects_from}." for rule in rules]
    return "\n".join(["What must be true of each day (docs/quality.md explains each check):", "", *lines])


def shown_verdicts(warehouse: Engine, dataset: str, days: DayRange) -> dict[date, list[Verdict]]:
    """The verdicts on each of the days; of a monthly dataset, those on its month."""
    is_monthly = DATASETS[dataset].is_monthly
    by_day = verdicts_of(warehouse, dataset, days.whole_months() if is_monthly else days)
    return {day: by_day.get(month_start(day) if is_monthly else day, []) for day in days}


def verdicts_of(warehouse: Engine, dataset: str, days: DayRange) -> dict[date, list[Verdict]]:
    """The verdicts on the days."""
    with connected(warehouse) as connection:
        bounds = {"dataset": dataset, "first_day": days.first, "last_day": days.last}
        rows = run_sql(connection, _SQL / "verdicts_of_dataset.sql", **bounds).all()
    return {day: list(verdicts) for day, verdicts in groupby(rows, key=lambda row: row.period_start)}


def passes(verdicts: Sequence[Verdict]) -> bool:
    """Whether no check failed on a day but warnings."""
    return all(verdict.result == "passed" or verdict.severity == "warning" for verdict in verdicts)


def log_days(
    run: dg.OpExecutionContext,
    dataset: str,
    by_day: dict[date, list[Verdict]],
    pages: Mapping[str, dg.MetadataValue],
) -> None:
    """One evaluation a day, which Dagit shows in the day's row of the asset's partitions."""
    about = materializations_of(run, dataset, by_day)
    check = dg.AssetCheckKey(dg.AssetKey(dataset), CHECK)
    for day, verdicts in by_day.items():
        log_verdict(
            run,
            check,
            day,
            passed=all(verdict.result == "passed" for verdict in verdicts),
            severity=dg.AssetCheckSeverity.WARN if passes(verdicts) else dg.AssetCheckSeverity.ERROR,
            metadata={**_metadata(verdicts), **pages},
            about=about.get(day),
        )


def log_together(run: dg.OpExecutionContext, dataset: str, *, passed: bool) -> None:
    """One evaluation for all days of a run, which Dagit shows beside the check's name."""
    check = dg.AssetCheckKey(dg.AssetKey(dataset), CHECK)
    log_verdict(run, check, None, passed=passed, severity=dg.AssetCheckSeverity.ERROR, metadata={}, about=None)


def _metadata(verdicts: Iterable[Verdict]) -> Mapping[str, dg.MetadataValue]:
    """By check: what was found, and what was expected where it is something else."""
    shown: dict[str, dg.MetadataValue] = {}
    for verdict in verdicts:
        expected = f", expected {verdict.expected}" if verdict.result != "passed" and verdict.expected else ""
        observed = f": {verdict.observed}" if verdict.observed else ""
        shown[f"{verdict.subject} {verdict.check_name}"] = dg.MetadataValue.text(
            f"{verdict.result}{observed}{expected}"
        )
    return shown or {"verdict": dg.MetadataValue.text("no figures and no verdict yet")}


def quality_checks(partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """The checks of all datasets."""
    return [check_on(dataset, partitions) for dataset in CHECKED]
