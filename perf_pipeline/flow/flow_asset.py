"""How an asset of the flow is declared: `@flow_asset`, with everything Dagit shows taken from the catalogue.

A flow asset is a function of the asset's name that writes its table and returns a report for Dagit. `definitions.py`
declares it to Dagster with the partitions of the settings, so that importing a stage reads no environment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.flow.dagster_private import PRIORITY_TAG
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import EVERY_RANGE_IN_ONE_RUN, day_range
from perf_pipeline.systems import Systems

OWNERS = ["team:performance-data"]
PREVIEW_ROWS = 10
LEAVES_CHECKS_OUT = "perf_pipeline/leaves_checks_out"
"""Tag of a run that is too long for Dagster's per-day checks; the verdicts are the same."""

Metadata = int | str | dg.MetadataValue


@dataclass(frozen=True)
class AssetReport:
    """What Dagit shows about a run of an asset: numbers by day, which it plots, the newest rows, and the rest."""

    per_day: dict[date, dict[str, float]] = field(default_factory=dict)
    preview: pd.DataFrame | None = None
    metadata: dict[str, Metadata] = field(default_factory=dict)
    days_beyond: frozenset[date] = frozenset()
    """Days outside the run's range that it has written too; each gets a materialization of its own."""


AssetFunction = Callable[[dg.AssetExecutionContext, Systems], AssetReport]


@dataclass(frozen=True)
class FlowAsset:
    """An asset before Dagster knows it: its dataset, what it is made from, and the function that writes it."""

    name: str
    dataset: Dataset
    deps: tuple[str, ...]
    write: AssetFunction
    priority: int = 0
    """Of the assets that a run could write next, that of the highest priority comes first."""

    def declare(self, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
        """The Dagster asset, one partition a reporting day."""
        entry = self.dataset

        @dg.asset(
            name=self.name,
            deps=list(self.deps),
            group_name=entry.stage.value,
            description=describe(entry, self.write.__doc__),
            owners=OWNERS,
            kinds={"postgres"},
            tags={"indicator": entry.indicator} if entry.indicator else {},
            metadata={
                "dagster/column_schema": column_schema(entry),
                "dagster/table_name": f"perf.{entry.name}",
                "lineage": dg.MetadataValue.md(lineage(entry, self.deps, self.write.__module__)),
            },
            op_tags={PRIORITY_TAG: str(self.priority)},
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
    """Make a function the asset that writes `dataset`, by default the one of the function's name, after `deps`."""

    def declare(function: AssetFunction) -> FlowAsset:
        return FlowAsset(function.__name__, DATASETS[dataset or function.__name__], tuple(deps), function)

    return declare


def describe(dataset: Dataset, more: str | None) -> str:
    """The catalogue's sentence, the grain, and what the function's docstring adds."""
    return f"{dataset.description}\n\nGrain: {dataset.grain}.\n\n{more or ''}".strip()


def lineage(dataset: Dataset, deps: Sequence[str], module: str) -> str:
    """Where the table and its computed columns come from; the open-source Dagit has no column lineage."""
    sources = ", ".join(f"`{name}`" for name in deps)
    lines = [f"{sources} → **`{dataset.name}`**, by `{module.replace('.', '/')}.py`"]
    computed = [column for column in dataset.columns if column.made_from]
    if computed:
        lines += ["", "| column | made from |", "| --- | --- |"]
        lines += [f"| `{column.name}` | {', '.join(f'`{name}`' for name in column.made_from)} |" for column in computed]
    return "\n".join(lines)


def column_schema(dataset: Dataset) -> dg.TableSchema:
    """The dataset's columns as Dagit shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type.value,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.is_required),
            )
            for column in dataset.columns
        ]
    )


def report(context: dg.AssetExecutionContext, written: AssetReport) -> dg.MaterializeResult[None]:
    """Give Dagit each day's numbers with that day's materialization, and the rest with the run's."""
    days = day_range(context)
    nothing: dict[str, float] = {"dagster/partition_row_count": 0}
    for day in days:
        context.add_asset_metadata(dict(written.per_day.get(day, nothing)), partition_key=str(day))
    for day in sorted(written.days_beyond - {*days}):
        numbers = dict(written.per_day.get(day, nothing))
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=numbers))
    metadata = dict(written.metadata)
    if written.preview is not None and not written.preview.empty:
        metadata["newest_rows"] = dg.MetadataValue.md(as_markdown(written.preview.tail(PREVIEW_ROWS)))
    return dg.MaterializeResult(metadata=metadata)


def as_markdown(frame: pd.DataFrame) -> str:
    """A small frame as a markdown table; missing values stay empty."""
    head = [str(column) for column in frame.columns]
    rows = [["" if pd.isna(value) else str(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
