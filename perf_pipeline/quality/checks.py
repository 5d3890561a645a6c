"""Dagster's asset checks: they show the verdict on every day of a dataset, and its warnings. None of them blocks.

What stops a bad day is the table `verdicts`, which the stages read; Dagster's blocking checks would stop a whole range, and
only in the run that they fail in.
"""

from collections.abc import Collection, Iterable, Iterator

import dagster as dg

from perf_pipeline.catalogue.checks import CHECKED, RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.flow.dagster_private import log_evaluations, materializations_of
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.quality.data_docs import link_to
from perf_pipeline.quality.evaluations import evaluation_of_warnings, evaluations_of_days, verdicts_by_day
from perf_pipeline.systems import Systems

CHECK = "every_day_passes_its_checks"
WARNINGS_CHECK = "no_day_has_a_warning"
ALL_CHECKS = (CHECK, WARNINGS_CHECK)
_NOT_CHECKED = "The assets of verdicts check days: build the day with all assets, or run perf-pipeline nightly."


def checks_on(
    datasets: Iterable[str], verdicts: str, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The checks of the datasets that the asset `verdicts` judges, in one step after it."""

    @dg.multi_asset_check(name=f"show_{verdicts}", specs=list(_specs(datasets, verdicts, partitions)), can_subset=True)
    def show_checks(
        context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]
    ) -> Iterator[dg.AssetCheckResult]:
        """Dagit gets the results from the event log, and none that is yielded: Dagster would log them one by one."""
        selected = context.selected_asset_check_keys
        with classify_failures():
            for dataset in dict.fromkeys(key.asset_key.to_user_string() for key in sorted(selected)):
                names = {key.name for key in selected if key.asset_key.to_user_string() == dataset}
                show_verdicts(context.op_execution_context, systems, dataset, day_range(context), names)
        yield from ()

    return show_checks


def show_verdicts(
    run: dg.OpExecutionContext, systems: Systems, dataset: str, days: DayRange, checks: Collection[str] = ALL_CHECKS
) -> None:
    """Show the verdicts on the days as the results of the dataset's checks."""
    by_day = verdicts_by_day(systems.warehouse, dataset, days, run.run_id)
    is_checked = any(by_day.values())
    if not is_checked:
        run.log.warning("%s: no day was checked. %s", dataset, _NOT_CHECKED)
    pages = {"data docs": dg.MetadataValue.url(link_to(systems.data_docs_address, dataset))}
    if CHECK in checks:
        key, about = _key(dataset, CHECK), materializations_of(run, dataset, by_day)
        log_evaluations(run, key, evaluations_of_days(key, by_day, about, pages) if is_checked else [])
    if WARNINGS_CHECK in checks and _can_warn(dataset):
        key = _key(dataset, WARNINGS_CHECK)
        log_evaluations(run, key, [evaluation_of_warnings(key, by_day, pages)] if is_checked else [])


def _can_warn(dataset: str) -> bool:
    return any(rule.severity is Severity.WARNING for rule in RULES[dataset].values())


def _specs(
    datasets: Iterable[str], verdicts: str, partitions: dg.DailyPartitionsDefinition
) -> Iterator[dg.AssetCheckSpec]:
    for dataset in datasets:
        yield dg.AssetCheckSpec(
            CHECK,
            asset=dataset,
            description=_description(dataset),
            additional_deps=[verdicts],
            partitions_def=partitions,
        )
        if _can_warn(dataset):
            yield dg.AssetCheckSpec(
                WARNINGS_CHECK,
                asset=dataset,
                description="Shows the warnings on the days of the newest run. A day with a warning has passed.",
                additional_deps=[verdicts],
            )


def _key(dataset: str, check: str) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(dg.AssetKey(dataset), check)


def _description(dataset: str) -> str:
    rules = RULES[dataset].values()
    lines = [f"- `{rule.name}` ({rule.severity.value}): protects from {rule.protects_from}." for rule in rules]
    next_steps: dict[str, list[str]] = {}
    for rule in rules:
        next_steps.setdefault(rule.next_step.rstrip("."), []).append(f"`{rule.name}`")
    steps = [f"- {', '.join(names)}: {step}." for step, names in next_steps.items()]
    head = (
        "What must be true of each day. A day that nothing has checked since it was built is shown as missing:"
        " `perf-pipeline nightly`, or a build of the day with all its assets, checks it."
    )
    return "\n".join([head, "", *lines, "", "What to do when one fails:", "", *steps])


def quality_checks(partitions: dg.DailyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """The checks of all datasets: those judged before the months are summed, and the months."""
    monthly = [name for name in CHECKED if DATASETS[name].is_monthly]
    daily = [name for name in CHECKED if name not in monthly]
    return [checks_on(daily, "daily_verdicts", partitions), checks_on(monthly, "monthly_verdicts", partitions)]
