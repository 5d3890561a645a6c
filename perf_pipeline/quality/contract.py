"""A dataset's contract as SQL: what each column may hold, from its entry in the catalogue."""

from collections.abc import Iterator

from perf_pipeline.catalogue.columns import Column, ColumnType
from perf_pipeline.catalogue.datasets import Dataset

_NUMBERS = (ColumnType.COUNT, ColumnType.PERCENT, ColumnType.HEADLINE)


def contract_arms(dataset: Dataset) -> tuple[str, str]:
    """Two runs of `WHEN` that go through the same faults: one gives what was found, the other what is expected."""
    faults = [fault for column in dataset.columns for fault in _faults(column)]
    observed = " ".join(f"WHEN {condition} THEN {found}" for condition, found, _ in faults)
    expected = " ".join(f"WHEN {condition} THEN '{allowed}'" for condition, _, allowed in faults)
    return observed, expected


def _faults(column: Column) -> Iterator[tuple[str, str, str]]:
    """Conditions that break a column's contract, each with what was found, as SQL, and what is expected."""
    name = column.name
    found = f"'{name} is ' || {name}"
    if column.is_required:
        yield f"{name} IS NULL", f"'{name} is empty'", "a value"
    if column.allowed:
        words = ", ".join(f"'{word}'" for word in column.allowed)
        yield f"{name} NOT IN ({words})", found, f"one of {', '.join(column.allowed)}"
    if column.type in _NUMBERS:
        yield f"{name} < {column.minimum}", found, f"at least {column.minimum}"
        if column.maximum is not None:
            yield f"{name} > {column.maximum}", found, f"at most {column.maximum}"
