"""The data dictionary, docs/data_dictionary.md: `python -m perf_pipeline.documents.data_dictionary` writes it."""

from collections.abc import Iterator
from pathlib import Path

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.catalogue.columns import Column
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS, eras_in_force
from perf_pipeline.catalogue.sources import sources_for

FILE = Path(__file__).parents[2] / "docs" / "data_dictionary.md"


def data_dictionary() -> str:
    """The whole dictionary as markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "`python -m perf_pipeline.documents.data_dictionary` writes this file from `perf_pipeline/catalogue/`."
    yield "To change it, change the catalogue."
    yield ""
    yield "All tables are in schema `perf`. Percentages are 0 to 100, rounded once from counts, half up. Some words:"
    yield ""
    yield "- an *extract* is our own copy of what a source delivered"
    yield "- a *stamp* is the time at which a source says that something happened"
    yield "- a *ledger* records what the pipeline did; its *subject* is the service that a row is about"
    yield "- a *period* is a day or a month"
    yield ""
    yield "## Indicators"
    yield ""
    yield "| indicator | definition | headline | sources |"
    yield "| --- | --- | --- | --- |"
    for indicator in INDICATORS.values():
        sources = ", ".join(sources_for(indicator.name))
        yield f"| {indicator.title} | {indicator.definition} | `{indicator.headline_column}` | {sources} |"
    yield ""
    yield "## Methods of user satisfaction"
    yield ""
    yield "| method | weights of the five ratings | column | headline from |"
    yield "| --- | --- | --- | --- |"
    for method in SATISFACTION_METHODS.values():
        eras = [era for era in eras_in_force() if era.method_id == method.id]
        first_days = ", ".join(f"{era.first_day}{', and before' if era.restates_history else ''}" for era in eras)
        weights = ", ".join(map(str, method.weights))
        yield f"| `{method.id}`: {method.title} | {weights} | `{method.column}` | {first_days} |"
    for stage in Stage:
        yield ""
        yield f"## {stage.value}"
        for dataset in DATASETS.values():
            if dataset.stage is stage:
                yield from _dataset(dataset)


def _dataset(dataset: Dataset) -> Iterator[str]:
    yield ""
    yield f"### `{dataset.name}`"
    yield ""
    yield dataset.description
    yield ""
    yield f"Grain: {dataset.grain}. Key: {', '.join(f'`{name}`' for name in dataset.key)}."
    yield ""
    yield "| column | type | may be empty | meaning |"
    yield "| --- | --- | --- | --- |"
    for column in dataset.columns:
        yield f"| `{column.name}` | {_type(column)} | {'no' if column.is_required else 'yes'} | {column.description} |"
    if dataset.name in CHECKED:
        yield ""
        yield f"Its checks: [quality.md](quality.md#{dataset.name})."


def _type(column: Column) -> str:
    if column.allowed:
        return "one of " + ", ".join(f"`{value}`" for value in column.allowed)
    return column.type.meaning


if __name__ == "__main__":
    FILE.write_text(data_dictionary(), encoding="utf-8")
