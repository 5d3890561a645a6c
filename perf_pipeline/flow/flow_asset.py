"""Declares an asset of the flow: `@flow_asset`. Dagit's descriptions come from the catalogue.

A flow asset is a function with the asset's name. It writes its table and returns a report for Dagit. `definitions.py`
declares it to Dagster with the partitions of the settings, so that importing a stage does not read the environment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.flow.dagster_private import PRIORITY_TAG, add_metadata_by_day, log_materializations
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.partitions import EVERY_RANGE_IN_ONE_RUN, day_range
from perf_pipeline.systems import Systems

OWNERS = ["team:performance-data"]
PREVIEW_ROWS = 10
LEAVES_CHECKS_OUT = "perf_pipeline/leaves_checks_out"
"""Tag of a run that is too long for Dagster's checks of single days. The verdicts are the same."""

Metadata = int | str | dg.MetadataValue


@dataclass(frozen=True)
class AssetReport:
    """Dagit's report of a run of an asset: numbers by day, which it plots, the newest rows, and further metadata."""

    per_day: dict[date, dict[str, float]] = field(default_factory=dict)
    preview: pd.DataFrame | None = None
    metadata: dict[str, Metadata] = field(default_factory=dict)
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

    def declare(self, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
        """The Dagster asset, with one partition per reporting day."""
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
    """Make a function the asset that writes `dataset` after `deps`. By default the dataset has the function's name."""

    def declare(function: AssetFunction) -> FlowAsset:
        return FlowAsset(function.__name__, DATASETS[dataset or function.__name__], tuple(deps), function)

    return declare


def describe(dataset: Dataset, more: str | None) -> str:
    """The catalogue's description, the grain, and the function's docstring."""
    return f"{dataset.description}\n\nGrain: {dataset.grain}.\n\n{more or ''}".strip()


def lineage(dataset: Dataset, deps: Sequence[str], module: str) -> str:
    """The origin of the table and of its computed columns. The open-source Dagit has no column lineage."""
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
    """Report each day's numbers with the materialization of that day, and the other metadata with that of the last day.

    Dagster would write the metadata of the result with every day: most of the events of a long run would be copies of it.
    """
    days = day_range(context)
    nothing: dict[str, Metadata | float] = {"dagster/partition_row_count": 0}
    beyond = sorted(written.days_beyond - {*days})
    log_materializations(context, {day: written.per_day.get(day, nothing) for day in beyond})
    by_day = {day: written.per_day.get(day, nothing) for day in days}
    metadata = {**by_day[days.last], **written.metadata}
    if written.preview is not None and not written.preview.empty:
        metadata["newest_rows"] = dg.MetadataValue.md(as_markdown(written.preview.tail(PREVIEW_ROWS)))
    add_metadata_by_day(context, {**by_day, days.last: metadata})
    return dg.MaterializeResult()


def as_markdown(frame: pd.DataFrame) -> str:
    """A small frame as a markdown table. Missing values are empty cells."""
    head = [str(column) for column in frame.columns]
    rows = [["" if pd.isna(value) else str(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
