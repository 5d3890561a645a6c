"""Primary and secondary suppression of small counts in monthly breakdowns (docs/decisions/0013).

Primary suppression empties the small counts. Secondary suppression empties further cells, so that the published sums do not
reveal the small counts. Pure functions: frames in, frames out. Total rows never change.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from perf_pipeline.catalogue.columns import COLUMNS, ColumnType
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.disclosure import SMALL_COUNTS, SMALLEST_DENOMINATOR, Breakdown, RowSum
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.published.markers import letters, with_marker

Cells = Sequence[tuple[int, ...]]
"""The counts of one period: a row for each value of the dimension, in the order of the breakdown's columns."""

Hidden = frozenset[tuple[int, int]]
"""Suppressed cells, as positions of row and column in `Cells`."""

Row = dict[Any, Any]


def suppressed(figures: pd.DataFrame, breakdown: Breakdown) -> pd.DataFrame:
    """The same rows and columns, with the suppressed cells emptied and their rows marked [c].

    `figures` has the published shape and may hold many services and periods, each with its total row. Each period of a
    service is suppressed on its own.
    """
    rows: list[Row] = figures.to_dict("records")
    periods: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        periods.setdefault((row["service"], row["period_start"], row["period"]), []).append(row)
    for period in periods.values():
        _suppress_period(period, breakdown)
    return pd.DataFrame(rows, columns=figures.columns, index=figures.index, dtype=object)


def hidden_cells(cells: Cells, breakdown: Breakdown) -> Hidden:
    """The cells of one period that primary and secondary suppression empty."""
    small = {(row, column) for row, counts in enumerate(cells) for column, n in enumerate(counts) if n in SMALL_COUNTS}
    if not small:
        return frozenset()
    rows, columns = set(range(len(cells))), set(range(len(breakdown.columns)))
    if breakdown.row_sum:
        columns = _hidden_columns(cells, {column for _, column in small}, breakdown.columns, breakdown.row_sum)
    else:
        rows -= _majority(cells) - {row for row, _ in small}
    return frozenset(product(rows, columns))


def _majority(cells: Cells) -> set[int]:
    """The row with more than half of the first column, where two others are left to be hidden together."""
    whole = sum(counts[0] for counts in cells)
    return {row for row, counts in enumerate(cells) if counts[0] * 2 > whole and len(cells) > 2}


def _hidden_columns(cells: Cells, small: set[int], names: Sequence[str], row_sum: RowSum) -> set[int]:
    """The columns with a small count and their partner, and the row totals too unless the partner has room.

    It has room if it could be small in no row, even if one row held all that is hidden of the other columns.
    """
    total, partner = names.index(row_sum.total), names.index(row_sum.partner)
    others = small - {partner, total}
    needed = sum(counts[column] for counts in cells for column in others)
    rests = (sum(counts[column] for column in others | {partner}) - needed for counts in cells)
    has_room = all(rest >= SMALL_COUNTS.stop for rest in rests)
    return others | {partner} if has_room else others | {partner, total}


def _suppress_period(period: list[Row], breakdown: Breakdown) -> None:
    """Empty the cells of one period in place."""
    types = [row for row in period if row[breakdown.dimension] != ALL]
    cells = [tuple(int(row[column]) for column in breakdown.columns) for row in types]
    hidden = hidden_cells(cells, breakdown)
    total_is_estimated = any(
        Marker.ESTIMATED.value in letters(row["markers"]) for row in period if row[breakdown.dimension] == ALL
    )
    for position, row in enumerate(types):
        columns = {name for column, name in enumerate(breakdown.columns) if (position, column) in hidden}
        if columns.intersection(breakdown.estimated_from):
            # The row's own [e] would reveal something about the hidden counts.
            row["markers"] = with_marker(row["markers"], Marker.ESTIMATED, is_given=total_is_estimated)
        emptied = columns | {name for name in row if _is_hidden_percent(name, row, columns)}
        is_marked = any(not pd.isna(row[name]) for name in emptied)
        row.update(dict.fromkeys(emptied), markers=with_marker(row["markers"], Marker.SUPPRESSED, is_given=is_marked))


def _is_hidden_percent(name: str, row: Row, hidden: set[str]) -> bool:
    """Whether a column is a percentage of suppressed counts, or has too small a denominator."""
    if name not in COLUMNS or COLUMNS[name].type is not ColumnType.PERCENT:
        return False
    *_, denominator = made_from = COLUMNS[name].made_from
    return not hidden.isdisjoint(made_from) or row[denominator] < SMALLEST_DENOMINATOR
