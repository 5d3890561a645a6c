"""Hiding small counts of breakdowns, and whatever else would give them away (DOMAIN 2.5; docs/decisions/0013).

Pure: frames in, frames out. A day is hidden by its own counts alone, so that no later day changes what it shows. A month
shows what its days show anyway; more only where every small count could still be another without any published number
being another. Rows of all types are never touched.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pandas as pd

from perf_pipeline.catalogue.columns import COLUMNS, ColumnType
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.disclosure import SMALL_COUNTS, SMALLEST_DENOMINATOR, Breakdown, Cells, Move
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.reporting_days import month_start
from perf_pipeline.published.markers import letters, with_marker

Hidden = frozenset[tuple[int, int]]
"""Cells that are not shown, by the places of their row and column."""


def suppressed_days(figures: pd.DataFrame, breakdown: Breakdown) -> pd.DataFrame:
    """Daily figures in the published shape, with cells emptied and their rows marked [c]."""
    cells = _cells(figures, "period_start", breakdown)
    return _emptied(figures, {key: hidden_of_day(found, breakdown) for key, found in cells.items()}, breakdown)


def suppressed_months(figures: pd.DataFrame, days: pd.DataFrame, breakdown: Breakdown) -> pd.DataFrame:
    """Monthly figures in the published shape, with cells emptied and their rows marked [c].

    `days` are the daily rows (service, report_date, lpa_type and the counts) of the whole months, as they are published
    before anything is hidden.
    """
    days_of: dict[tuple[str, date], list[Cells]] = {}
    for (service, day), cells in _cells(days, "report_date", breakdown).items():
        days_of.setdefault((service, month_start(day)), []).append(cells)
    hidden = {
        key: hidden_of_month(cells, days_of.get(key, []), breakdown)
        for key, cells in _cells(figures, "period_start", breakdown).items()
    }
    return _emptied(figures, hidden, breakdown)


def hidden_of_day(cells: Cells, breakdown: Breakdown) -> Hidden:
    """The cells of a day that are not shown."""
    return next(_choices(cells, breakdown))


def hidden_of_month(cells: Cells, days: Sequence[Cells], breakdown: Breakdown) -> Hidden:
    """The cells of a month, given those of its days, that are not shown."""
    if not days or _sum(days) != cells:
        return _everything(cells)
    hidden_days = [hidden_of_day(day, breakdown) for day in days]
    unknown: Hidden = frozenset().union(*hidden_days)
    closed = [(day, hidden) for day, hidden in zip(days, hidden_days, strict=True) if hidden]
    for choice in _choices_of_month(cells, unknown, breakdown):
        is_plain = all(count == 0 or count >= SMALLEST_DENOMINATOR for count in _values(cells, unknown - choice))
        if is_plain and _keeps_secrets(cells, choice & unknown, closed, breakdown):
            return choice & unknown
    return unknown


def _choices_of_month(cells: Cells, unknown: Hidden, breakdown: Breakdown) -> Iterator[Hidden]:
    """What may be tried before all that the days hide: few choices, since each tells that the ones before it failed."""
    if breakdown.blocks and unknown == _everything(cells):
        return
    if not _small(cells, unknown):
        yield frozenset()
    yield from _blocks(cells, breakdown.blocks[:1])


def _choices(cells: Cells, breakdown: Breakdown) -> Iterator[Hidden]:
    """What may be hidden, the least first: nothing, where no count is small; everything last."""
    everything = _everything(cells)
    if not _small(cells, everything):
        yield frozenset()
    yield from _blocks(cells, breakdown.blocks) if breakdown.blocks else _all_but_the_largest(cells)
    yield everything


def _all_but_the_largest(cells: Cells) -> Iterator[Hidden]:
    """The rows of the other types, where one has more than half of the first column and nothing small, and two are left."""
    total = sum(row[0] for row in cells)
    for place, row in enumerate(cells):
        if len(cells) > 2 and row[0] * 2 > total and not any(count in SMALL_COUNTS for count in row):
            yield frozenset(cell for cell in _everything(cells) if cell[0] != place)


def _blocks(cells: Cells, blocks: Sequence[frozenset[int]]) -> Iterator[Hidden]:
    """Columns of all types, where nothing small is outside and each type has enough inside to be unclear about."""
    for block in blocks:
        hidden = frozenset(cell for cell in _everything(cells) if cell[1] in block)
        enough = all(sum(row[place] for place in block) >= SMALL_COUNTS.stop for row in cells)
        if enough and not any(count in SMALL_COUNTS for count in _values(cells, _everything(cells) - hidden)):
            yield hidden


def _keeps_secrets(month: Cells, hidden: Hidden, days: Sequence[tuple[Cells, Hidden]], breakdown: Breakdown) -> bool:
    """Whether every small count of the month and its days could be another, with the same cells hidden of them."""
    small_of_days = ((place, cell) for place, (day, shut) in enumerate(days) for cell in _small(day, shut))
    return all(_could_be_other(cell, [place], month, hidden, days, breakdown) for place, cell in small_of_days) and all(
        _could_be_other(cell, range(len(days)), month, hidden, days, breakdown, is_of_month=True)
        for cell in _small(month, _everything(month))
    )


def _could_be_other(
    cell: tuple[int, int],
    places: Sequence[int],
    month: Cells,
    hidden: Hidden,
    days: Sequence[tuple[Cells, Hidden]],
    breakdown: Breakdown,
    *,
    is_of_month: bool = False,
) -> bool:
    """Whether something on one of the days may as well count under another type.

    It may do so alone, where the month hides it too, or against the same on another day, which leaves the month as it is.
    """
    row, column = cell
    for place in places:
        day, shut = days[place]
        for giver, taker, move in _exchanges(row, column, len(month), breakdown):
            if not _looks_alike(day, shut, giver, taker, move, breakdown):
                continue
            if _looks_alike(month, hidden, giver, taker, move, breakdown):
                return True
            if not is_of_month and any(
                _looks_alike(other, other_shut, taker, giver, move, breakdown)
                for at, (other, other_shut) in enumerate(days)
                if at != place
            ):
                return True
    return False


def _exchanges(row: int, column: int, rows: int, breakdown: Breakdown) -> Iterator[tuple[int, int, Move]]:
    for move in breakdown.moves:
        if move[column]:
            for other in range(rows):
                if other != row:
                    yield row, other, move
                    yield other, row, move


def _looks_alike(cells: Cells, hidden: Hidden, giver: int, taker: int, move: Move, breakdown: Breakdown) -> bool:
    """Whether the counts after the move would be published as they are now."""
    if any(change and ((giver, at) not in hidden or (taker, at) not in hidden) for at, change in enumerate(move)):
        return False
    other = _moved(cells, giver, taker, move)
    return breakdown.can_hold(other) and hidden_of_day(other, breakdown) == hidden_of_day(cells, breakdown)


def _moved(cells: Cells, giver: int, taker: int, move: Move) -> Cells:
    signs = {giver: -1, taker: 1}
    return tuple(
        tuple(count + signs.get(place, 0) * change for count, change in zip(row, move, strict=True))
        for place, row in enumerate(cells)
    )


def _everything(cells: Cells) -> Hidden:
    return frozenset((row, column) for row, counts in enumerate(cells) for column in range(len(counts)))


def _small(cells: Cells, among: Hidden) -> list[tuple[int, int]]:
    return sorted((row, column) for row, column in among if cells[row][column] in SMALL_COUNTS)


def _values(cells: Cells, among: Hidden) -> Iterator[int]:
    return (cells[row][column] for row, column in among)


def _sum(days: Sequence[Cells]) -> Cells:
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*days, strict=True))


def _cells(rows: pd.DataFrame, day_column: str, breakdown: Breakdown) -> dict[tuple[str, date], Cells]:
    """The counts of each service and period; its rows are the types of LPA in the order of their names."""
    found: dict[tuple[str, date], list[tuple[int, ...]]] = {}
    by_type = rows[rows["lpa_type"] != ALL].sort_values("lpa_type")
    for row in by_type[["service", day_column, *breakdown.columns]].itertuples(index=False):
        found.setdefault((row[0], row[1]), []).append(tuple(int(count) for count in row[2:]))
    return {key: tuple(cells) for key, cells in found.items()}


def _emptied(figures: pd.DataFrame, hidden: dict[tuple[str, date], Hidden], breakdown: Breakdown) -> pd.DataFrame:
    """The figures without what is hidden, and without percentages that would tell of it or are of too few."""
    is_estimated = {
        (row["service"], row["period_start"]): Marker.ESTIMATED.value in letters(row["markers"])
        for row in figures[figures["lpa_type"] == ALL].to_dict("records")
    }
    places: dict[tuple[str, date], int] = {}
    rows = []
    for row in figures.sort_values("lpa_type").to_dict("records"):
        if row["lpa_type"] != ALL:
            key = (row["service"], row["period_start"])
            places[key] = places.get(key, -1) + 1
            columns = {breakdown.columns[column] for at, column in hidden[key] if at == places[key]}
            row = _without(row, columns, is_estimated.get(key, False))
        rows.append(row)
    return pd.DataFrame(rows, columns=figures.columns, dtype=object)


def _without(row: dict[Any, Any], columns: set[str], total_is_estimated: bool) -> dict[Any, Any]:
    """A row of a breakdown without the columns. [e] can tell of a hidden count: it is then the total's."""
    gone = columns | {
        name for name in row if _is_percent(name) and not _may_show(COLUMNS[name].made_from, row, columns)
    }
    lost = {name for name in gone if not pd.isna(row[name])}
    marked = with_marker(row["markers"], Marker.SUPPRESSED, is_given=bool(lost))
    if columns:
        marked = with_marker(marked, Marker.ESTIMATED, is_given=total_is_estimated)
    return row | dict.fromkeys(gone) | {"markers": marked}


def _is_percent(name: str) -> bool:
    return name in COLUMNS and COLUMNS[name].type is ColumnType.PERCENT


def _may_show(made_from: tuple[str, ...], row: dict[Any, Any], hidden: set[str]) -> bool:
    """The last of the columns that a percentage is made from is its denominator."""
    return not hidden & set(made_from) and row[made_from[-1]] >= SMALLEST_DENOMINATOR


def suppressed(figures: pd.DataFrame, breakdown: Breakdown) -> pd.DataFrame:
    return figures
