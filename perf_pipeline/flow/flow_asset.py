"""Declares an asset of the flow: `@flow_asset`. Dagit's descriptions come from the catalogue.

A flow asset is a function with the asset's name. It writes its table and returns a report for Dagit. `definitions.py`
declares it to Dagster with the partitions of the settings, so that importing a stage does not read the environment.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from perf_pipeline.catalogue.cadences import PUBLISHED_BY
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.flow.dagster_private import (
    HIDDEN_TAG_PREFIX,
    PRIORITY_TAG,
    add_metadata_by_day,
    log_materializations,
)
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import EVERY_RANGE_IN_ONE_RUN, day_range
from perf_pipeline.flow.tables import column_schema
from perf_pipeline.systems import Systems

LEAVES_CHECKS_OUT = f"{HIDDEN_TAG_PREFIX}perf_pipeline.leaves_checks_out"
"""Tag of a run that is too long for the steps of Dagster's checks, each of which plans every day. The results are shown."""
OWNERS = ["team:performance-data"]
EVERY_MORNING = dg.FreshnessPolicy.cron(
    deadline_cron=f"{PUBLISHED_BY.minute} {PUBLISHED_BY.hour} * * *",
    lower_bound_delta=timedelta(hours=PUBLISHED_BY.hour),
    timezone=TIMEZONE,
)
"""Written between midnight and the time by which yesterday is published."""

Metadata = int | float | str | dg.MetadataValue


@dataclass(frozen=True)
class AssetReport:
    """Dagit's report of a run of an asset."""

    per_day: Mapping[date, Mapping[str, Metadata]] = field(default_factory=dict)
    """What is shown with a day. Dagit plots its numbers."""
    metadata: Mapping[str, Metadata] = field(default_factory=dict)
    """What is about the run as a whole. It is shown with the newest day of the run."""
    days_beyond: frozenset[date] = frozenset()
    """Days outside the run's range that were also written. Each gets its own materialization."""


AssetFunction = Callable[[dg.AssetExecutionContext, Systems], AssetReport]


@dataclass(frozen=True)
class FlowAsset:
    """An asset before it is declared to Dagster: its dataset, its dependencies, and the function that writes it."""

    name: str
    dataset: Dataset
    deps: tuple[str, ...]
    write: AssetFunction
    priority: int = 0
    """Of the assets that a run could write next, the one with the highest priority comes first."""

    def declare(
        self, partitions: dg.DailyPartitionsDefinition, versions: Mapping[Stage, str] | None = None
    ) -> dg.AssetsDefinition:
        """The Dagster asset, with one partition per reporting day. `versions` has the code version of each stage."""
        entry = self.dataset

        @dg.asset(
            name=self.name,
            deps=list(self.deps),
            group_name=entry.stage.value,
            description=describe(self),
            owners=OWNERS,
            kinds={"postgres"},
            tags={"indicator": entry.indicator} if entry.indicator else {},
            metadata={
                "dagster/column_schema": column_schema(entry.columns),
                "dagster/table_name": f"perf.{entry.name}",
                "dagster/code_references": code_of(self.write, self.name),
                "lineage": dg.MetadataValue.md(lineage(entry, self.deps)),
            },
            op_tags={PRIORITY_TAG: str(self.priority)},
            code_version=(versions or {}).get(entry.stage),
            freshness_policy=EVERY_MORNING,
            partitions_def=partitions,
            backfill_policy=EVERY_RANGE_IN_ONE_RUN,
        )
        def asset(context: dg.AssetExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.MaterializeResult[None]:
            systems.progress(self.name)
            with classify_failures():
                if entry.stage is not Stage.EXTRACTED:
                    systems.lock_building()
                return report(context, self.write(context, systems))

        return asset


def flow_asset(*, deps: Sequence[str], dataset: str | None = None) -> Callable[[AssetFunction], FlowAsset]:
    """Make a function the asset that writes `dataset` after `deps`. By default the dataset has the function's name."""

    def declare(function: AssetFunction) -> FlowAsset:
        return FlowAsset(function.__name__, DATASETS[dataset or function.__name__], tuple(deps), function)

    return declare


def describe(asset: FlowAsset) -> str:
    """The catalogue's description, the grain, and the function's docstring. If it shares a table, the docstring is first."""
    entry, own = asset.dataset, inspect.getdoc(asset.write) or ""
    parts = (entry.description, f"Grain: {entry.grain}.", own)
    if entry.name != asset.name:
        parts = (own, f"Its rows are in the table `{entry.name}`: {entry.description}", f"Grain: {entry.grain}.")
    return "\n\n".join(filter(None, parts))


def code_of(function: Callable[..., object], label: str) -> dg.CodeReferencesMetadataValue:
    """Where the code of an asset is: the function that writes it, which names the rest."""
    code = inspect.unwrap(function).__code__
    file = str(Path(code.co_filename).resolve())
    reference = dg.LocalFileCodeReference(file_path=file, line_number=code.co_firstlineno, label=label)
    return dg.CodeReferencesMetadataValue(code_references=[reference])


def lineage(dataset: Dataset, deps: Sequence[str]) -> str:
    """The origin of the table and of its computed columns. The open-source Dagit has no column lineage."""
    sources = ", ".join(f"[{name}](/assets/{name})" for name in deps)
    lines = [f"{sources} → **{dataset.name}**"]
    computed = [column for column in dataset.columns if column.made_from]
    if computed:
        lines += ["", "| column | made from |", "| --- | --- |"]
        lines += [f"| `{column.name}` | {', '.join(f'`{name}`' for name in column.made_from)} |" for column in computed]
    return "\n".join(lines)


def report(context: dg.AssetExecutionContext, written: AssetReport) -> dg.MaterializeResult[None]:
    """Report what is about a day with the materialization of that day, and what is about the run with its newest day."""
    days = day_range(context)
    by_day = {day: written.per_day.get(day, {}) for day in days}
    add_metadata_by_day(context, {**by_day, days.last: {**by_day[days.last], **written.metadata}})
    beyond = [
        dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=dict(written.per_day.get(day, {})))
        for day in sorted(written.days_beyond - {*days})
    ]
    log_materializations(context.op_execution_context, beyond)
    return dg.MaterializeResult()
