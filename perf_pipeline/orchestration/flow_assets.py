"""How an asset of the flow is declared: `@flow_asset`, with everything Dagit shows taken from the catalogue.

One of the modules of `orchestration` that stages import (docs/decisions/0002). An asset is a function of its name that
writes its table and returns what it wrote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

import dagster as dg
import pandas as pd

from perf_pipeline.catalogue.datasets import DATASETS, Dataset
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.orchestration.failures import failures_told_apart
from perf_pipeline.orchestration.partitions import EVERY_RANGE_IN_ONE_RUN, REPORTING_DAYS
from perf_pipeline.sources.systems import Systems

OWNERS = ["team:performance-data"]
PREVIEW_ROWS = 10
LEAVES_CHECKS_OUT = "perf_pipeline/leaves_checks_out"
"""Tag of a run that is too long for Dagster's per-day checks; the verdicts are the same."""

Fact = int | str | dg.MetadataValue
"""What Dagit shows beside a run's materialisation."""


@dataclass(frozen=True)
class Written:
    """What an asset wrote, for Dagit: numbers by day, which it plots, and a look at the newest rows."""

    per_day: dict[date, dict[str, float]] = field(default_factory=dict)
    preview: pd.DataFrame | None = None
    facts: dict[str, Fact] = field(default_factory=dict)


AssetFunction = Callable[[dg.AssetExecutionContext, Systems], Written]


def day_range(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> DayRange:
    """The days that the run is about."""
    run = context.op_execution_context if isinstance(context, dg.AssetCheckExecutionContext) else context
    keys = run.partition_key_range
    return DayRange(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def flow_asset(*, deps: Sequence[str], dataset: str | None = None) -> Callable[[AssetFunction], dg.AssetsDefinition]:
    """Declare the asset that writes `dataset`, usually that of the function's name, after `deps`."""

    def declare(function: AssetFunction) -> dg.AssetsDefinition:
        entry = DATASETS[dataset or function.__name__]

        @dg.asset(
            name=function.__name__,
            deps=list(deps),
            group_name=entry.stage.value,
            description=describe(entry, function),
            owners=OWNERS,
            kinds={"postgres"},
            tags={"indicator": entry.indicator} if entry.indicator else {},
            metadata={
                "dagster/column_schema": column_schema(entry),
                "dagster/table_name": f"perf.{entry.name}",
                "lineage": dg.MetadataValue.md(lineage(entry, deps, function.__module__)),
            },
            partitions_def=REPORTING_DAYS,
            backfill_policy=EVERY_RANGE_IN_ONE_RUN,
        )
        def asset(context: dg.AssetExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.MaterializeResult[None]:
            systems.progress(function.__name__)
            with failures_told_apart():
                return report(context, function(context, systems))

        return asset

    return declare


def describe(dataset: Dataset, function: AssetFunction) -> str:
    """The catalogue's sentence, the grain, and what the function's docstring adds."""
    return f"{dataset.description}\n\nGrain: {dataset.grain}.\n\n{function.__doc__ or ''}".strip()


def lineage(dataset: Dataset, deps: Sequence[str], module: str) -> str:
    """Where the table and its reckoned columns come from; Dagit's own column lineage is not in the open-source version."""
    sources = ", ".join(f"`{name}`" for name in deps)
    lines = [f"{sources} → **`{dataset.name}`**, by `{module.replace('.', '/')}.py`"]
    reckoned = [column for column in dataset.columns if column.made_from]
    if reckoned:
        lines += ["", "| column | made from |", "| --- | --- |"]
        lines += [f"| `{column.name}` | {', '.join(f'`{name}`' for name in column.made_from)} |" for column in reckoned]
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


def report(context: dg.AssetExecutionContext, written: Written) -> dg.MaterializeResult[None]:
    """Hand over what Dagit shows: each day's numbers to that day's materialisation, the rest to the run's."""
    for day in day_range(context):
        context.add_asset_metadata(
            dict(written.per_day.get(day, {"dagster/partition_row_count": 0})), partition_key=str(day)
        )
    metadata = dict(written.facts)
    if written.preview is not None and not written.preview.empty:
        metadata["newest_rows"] = dg.MetadataValue.md(as_markdown(written.preview.tail(PREVIEW_ROWS)))
    return dg.MaterializeResult(metadata=metadata)


def as_markdown(frame: pd.DataFrame) -> str:
    """A small frame as a markdown table; missing values stay empty."""
    head = [str(column) for column in frame.columns]
    rows = [["" if pd.isna(value) else str(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
