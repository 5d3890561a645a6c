"""A reader who tries to reckon suppressed counts from what is published: by equations, by bounds, by trying every table.

Equations and bounds know every sum (types to all, channels to the total, days to the month); bounds also that a part is no
larger than its whole and nothing is below zero. Trying every table knows the rules of hiding as well: a table that would
have been published otherwise is ruled out.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product

from perf_pipeline.catalogue.disclosure import SMALL_COUNTS, Breakdown, Cells
from perf_pipeline.published.suppressing import Hidden, hidden_of_day, hidden_of_month

Shown = tuple[tuple[int | None, ...], ...]
Variable = tuple[int, int, int]
"""Place of the table (the month's is the last), row, column."""


def shown(cells: Cells, hidden: Hidden) -> Shown:
    return tuple(
        tuple(None if (row, column) in hidden else count for column, count in enumerate(counts))
        for row, counts in enumerate(cells)
    )


def summed(days: Sequence[Cells]) -> Cells:
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*days, strict=True))


def small_cells(tables: Sequence[Cells]) -> list[Variable]:
    return [
        (place, row, column)
        for place, cells in enumerate(tables)
        for row, counts in enumerate(cells)
        for column, count in enumerate(counts)
        if count in SMALL_COUNTS
    ]


def bounds(tables: Sequence[Cells], hidden: Sequence[Hidden], breakdown: Breakdown) -> dict[Variable, tuple[int, int]]:
    """The lowest and highest value that each cell of the days and their month can have, as far as sums tell.

    Each sum bounds its parts by what is left of it, over and over until nothing moves.
    """
    rows, columns = len(tables[0]), len(breakdown.columns)
    most = sum(sum(row) for row in tables[-1]) + 1
    known: dict[Variable, tuple[int, int]] = {}
    for place, cells in enumerate(tables):
        for row, column in product(range(rows), range(columns)):
            value = cells[row][column]
            known[place, row, column] = (0, most) if (row, column) in hidden[place] else (value, value)
    sums = list(_sums(tables, breakdown))
    while _narrowed(known, sums, breakdown):
        pass
    return known


def solved(tables: Sequence[Cells], hidden: Sequence[Hidden], breakdown: Breakdown) -> set[Variable]:
    """Hidden cells of the days and their month that the equations alone determine, by exact elimination."""
    rows: list[dict[Variable, Fraction]] = []
    for parts, whole, _ in _sums(tables, breakdown):
        terms = [(part, 1) for part in parts] + ([] if whole is None else [(whole, -1)])
        row = {cell: Fraction(sign) for cell, sign in terms if cell[1:] in hidden[cell[0]]}
        for pivot_row in rows:
            row = _without_pivot(row, pivot_row)
        if row:
            rows = [*(_without_pivot(other, row) for other in rows), row]
    return {cell for row in rows if len(row) == 1 for cell in row}


def _without_pivot(row: dict[Variable, Fraction], pivot_row: dict[Variable, Fraction]) -> dict[Variable, Fraction]:
    """`row` less so much of the other that the other's first cell is gone from it."""
    pivot = next(iter(pivot_row))
    if pivot not in row:
        return row
    factor = row[pivot] / pivot_row[pivot]
    less = dict(row)
    for cell, value in pivot_row.items():
        less[cell] = less.get(cell, Fraction(0)) - factor * value
    return {cell: value for cell, value in less.items() if value}


Sum = tuple[list[Variable], Variable | None, int]
"""Cells, and the cell that they add up to, or else the number."""


def _sums(tables: Sequence[Cells], breakdown: Breakdown) -> Iterator[Sum]:
    rows, columns = len(tables[0]), len(breakdown.columns)
    for place, cells in enumerate(tables):
        for column in range(columns):
            yield [(place, row, column) for row in range(rows)], None, sum(row[column] for row in cells)
        if breakdown.blocks:
            for row in range(rows):
                yield [(place, row, column) for column in range(columns - 1)], (place, row, columns - 1), 0
    month = len(tables) - 1
    for row, column in product(range(rows), range(columns)):
        yield [(place, row, column) for place in range(month)], (month, row, column), 0


def _narrowed(known: dict[Variable, tuple[int, int]], sums: list[Sum], breakdown: Breakdown) -> bool:
    before = dict(known)
    for parts, whole, number in sums:
        low, high = known[whole] if whole else (number, number)
        lows, highs = sum(known[part][0] for part in parts), sum(known[part][1] for part in parts)
        if whole:
            known[whole] = max(low, lows), min(high, highs)
        for part in parts:
            least, most = known[part]
            known[part] = max(least, low - (highs - most)), min(most, high - (lows - least))
    for place, row, _ in list(known):
        for small, large in breakdown.parts:
            (low, high), (least, most) = known[place, row, small], known[place, row, large]
            known[place, row, small], known[place, row, large] = (low, min(high, most)), (max(least, low), most)
    return known != before


def tables_with(totals: Sequence[int], types: int, breakdown: Breakdown) -> list[Cells]:
    """Every table by type whose columns, but a last one that is their sum, add up to the totals."""
    found = []
    for columns in product(*(_splits(total, types) for total in totals)):
        rows = tuple(zip(*columns, strict=True))
        cells = tuple((*row, sum(row)) for row in rows) if breakdown.blocks else rows
        if breakdown.can_hold(cells):
            found.append(cells)
    return found


def found_out(
    totals: Sequence[Sequence[int]], types: int, breakdown: Breakdown
) -> list[tuple[Sequence[Cells], Variable]]:
    """Small counts that are the same in every set of days (and their month) that would have been published alike."""

    @cache
    def of_day(cells: Cells) -> Shown:
        return shown(cells, hidden_of_day(cells, breakdown))

    alike: dict[object, list[list[Cells]]] = {}
    for days in product(*(tables_with(total, types, breakdown) for total in totals)):
        month = summed(days)
        published = [of_day(day) for day in days]
        published.append(shown(month, hidden_of_month(month, days, breakdown)))
        alike.setdefault(tuple(published), []).append([*days, month])
    return [
        (worlds[0], variable)
        for worlds in alike.values()
        for variable in small_cells(worlds[0])
        if len({world[variable[0]][variable[1]][variable[2]] for world in worlds}) == 1
    ]


@cache
def _splits(total: int, parts: int) -> tuple[tuple[int, ...], ...]:
    if parts == 1:
        return ((total,),)
    return tuple((first, *rest) for first in range(total + 1) for rest in _splits(total - first, parts - 1))
