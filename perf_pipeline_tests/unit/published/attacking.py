"""An attacker who tries to compute suppressed counts of a month from its published numbers.

The attacker knows the total row, every sum, the rule of suppression, and how the counts depend on each other. Two ways:
`found_out` lists every month with the same total row; `could_be_other` looks for one other month that would be published
alike. Where there is one, no computation with the published sums can give the count.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations

from perf_pipeline.catalogue.disclosure import SMALL_COUNTS, Breakdown
from perf_pipeline.published.suppressing import Cells, Hidden, hidden_cells

Cell = tuple[int, int]
Rule = Callable[[Cells, Breakdown], Hidden]

PARTS = (
    ("cohort_started_count", "started_count"),
    ("started_count", "cohort_started_count"),
    ("cohort_created_count", "started_count"),
    ("cohort_completed_count", "cohort_created_count"),
    ("created_same_day_count", "created_count"),
    ("created_same_day_count", "cohort_created_count"),
)
"""Counts of which the first is at most the second. Some may not hold for a few applications; the attacker uses all."""


@cache
def parts_of(breakdown: Breakdown) -> list[tuple[int, int]]:
    """The positions of parts and wholes among the columns of a breakdown."""
    names = breakdown.columns
    return [(names.index(part), names.index(whole)) for part, whole in PARTS if {part, whole} <= set(names)]


def published(cells: Cells, breakdown: Breakdown, rule: Rule = hidden_cells) -> tuple[tuple[int | None, ...], ...]:
    """What readers see of a month; suppressed cells are None."""
    hidden = rule(cells, breakdown)
    return tuple(
        tuple(None if (row, column) in hidden else count for column, count in enumerate(counts))
        for row, counts in enumerate(cells)
    )


def small_cells(cells: Cells) -> list[Cell]:
    return [(row, column) for row, counts in enumerate(cells) for column, n in enumerate(counts) if n in SMALL_COUNTS]


def found_out(
    totals: Sequence[int], types: int, breakdown: Breakdown, rule: Rule = hidden_cells
) -> list[tuple[Cells, Cell]]:
    """Small counts that are the same in every month with this total row that would be published alike."""
    alike: dict[object, list[Cells]] = {}
    for cells in _months_with(totals, types, breakdown):
        alike.setdefault(published(cells, breakdown, rule), []).append(cells)
    return [
        (months[0], (row, column))
        for months in alike.values()
        for row, column in small_cells(months[0])
        if len({cells[row][column] for cells in months}) == 1
    ]


def could_be_other(cells: Cells, cell: Cell, breakdown: Breakdown, rule: Rule = hidden_cells) -> bool:
    """Whether another month with another count in the cell would be published alike.

    Tried: the rows of two types swapped; one application moved from one type to another.
    """
    row, column = cell
    seen = published(cells, breakdown, rule)
    return any(
        other[row][column] != cells[row][column]
        and _is_possible(other, breakdown)
        and published(other, breakdown, rule) == seen
        for other in _other_months(cells, row, column, breakdown)
    )


def _other_months(cells: Cells, row: int, column: int, breakdown: Breakdown) -> Iterator[Cells]:
    for other in (other for other in range(len(cells)) if other != row):
        swapped = {row: cells[other], other: cells[row]}
        yield [swapped.get(place, counts) for place, counts in enumerate(cells)]
        for move in _moves(column, breakdown):
            yield _moved(cells, row, other, move)
            yield _moved(cells, other, row, move)


def _moves(column: int, breakdown: Breakdown) -> Iterator[dict[int, int]]:
    """By how much each count of the taking row grows, one column among them, while the giving row's fall alike."""
    others = [other for other in range(len(breakdown.columns)) if other != column]
    if breakdown.row_sum is None:
        for size in range(len(others) + 1):
            yield from (dict.fromkeys((column, *some), 1) for some in combinations(others, size))
        return
    total = breakdown.columns.index(breakdown.row_sum.total)
    for other in others:
        yield {column: 1, other: 1 if total in (column, other) else -1}


def _moved(cells: Cells, giver: int, taker: int, move: dict[int, int]) -> Cells:
    sign = {giver: -1, taker: 1}
    return tuple(
        tuple(count + sign.get(row, 0) * move.get(column, 0) for column, count in enumerate(counts))
        for row, counts in enumerate(cells)
    )


def _is_possible(cells: Cells, breakdown: Breakdown) -> bool:
    parts = parts_of(breakdown)
    return all(min(counts) >= 0 and all(counts[part] <= counts[whole] for part, whole in parts) for counts in cells)


def _months_with(totals: Sequence[int], types: int, breakdown: Breakdown) -> list[Cells]:
    """Every month whose columns add up to the totals; totals exclude the row sum, which is the last column."""
    months: list[tuple[tuple[int, ...], ...]] = [()]
    parts = [] if breakdown.row_sum else parts_of(breakdown)
    for place, total in enumerate(totals):
        ordered = [(part, whole) for part, whole in parts if max(part, whole) == place]
        months = [
            columns
            for month in months
            for split in _splits(total, types)
            for columns in [(*month, split)]
            if all(columns[part][row] <= columns[whole][row] for part, whole in ordered for row in range(types))
        ]
    rows = (tuple(zip(*month, strict=True)) for month in months)
    return [tuple((*counts, sum(counts)) for counts in cells) if breakdown.row_sum else cells for cells in rows]


def _splits(total: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in _splits(total - first, parts - 1)]
