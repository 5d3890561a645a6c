"""Dagster's asset checks, one set a table, generated from the catalogue. A failed check blocks what comes after it."""

from collections.abc import Iterator

import dagster as dg

from perf_pipeline.catalogue.checks import CHECKED, checks_of
from perf_pipeline.orchestration.failures import failures_told_apart
from perf_pipeline.orchestration.flow_assets import day_range
from perf_pipeline.quality.validating import days_written, validate
from perf_pipeline.sources.systems import Systems


def _checks_on(dataset: str) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(name, asset=dataset, blocking=True, description=f"Protects from {protects_from}.")
        for name, protects_from in checks_of(dataset).items()
    ]

    @dg.multi_asset_check(name=f"{dataset}_checks", specs=specs)
    def run_checks(
        context: dg.AssetCheckExecutionContext, systems: dg.ResourceParam[Systems]
    ) -> Iterator[dg.AssetCheckResult]:
        systems.progress(f"{dataset}_checks")
        days = days_written(dataset, day_range(context))
        with failures_told_apart():
            outcomes = validate(systems.warehouse, dataset, days)
        for outcome in outcomes:
            yield dg.AssetCheckResult(
                passed=outcome.passed,
                asset_key=dataset,
                check_name=outcome.name,
                description="; ".join(outcome.findings) or f"True for {days}.",
                metadata={"days": str(days)},
            )

    return run_checks


QUALITY_CHECKS = [_checks_on(dataset) for dataset in CHECKED]
