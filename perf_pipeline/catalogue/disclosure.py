"""What a breakdown may not show, so that nobody is found in it (DOMAIN 2.5): counts too small, percentages of too few.

Here: the limits, and how the counts of each breakdown hang together. Not here: what is hidden where
(`published.suppressing`).
"""

from dataclasses import dataclass
from itertools import combinations

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS, TAKE_UP_COUNTS

SMALL_COUNTS = range(1, 5)
"""Counts that a breakdown does not show. Zero is shown: there is nobody to be found."""

SMALLEST_DENOMINATOR = 30
"""A breakdown shows no percentage of fewer."""

Move = tuple[int, ...]
"""By how much each column of a row falls when something of it counts under another type of LPA; the other's rise alike."""

Cells = tuple[tuple[int, ...], ...]
"""Counts by type of LPA and column."""


@dataclass(frozen=True)
class Breakdown:
    """The counts of one indicator by type of LPA."""

    columns: tuple[str, ...]
    moves: tuple[Move, ...]
    """What can count under another type without any total of all types being another."""
    parts: tuple[tuple[int, int], ...] = ()
    """Columns, by their places, of which the first is never larger than the second."""
    blocks: tuple[frozenset[int], ...] = ()
    """Columns, by their places, that may be hidden for all types while the others are shown, the smallest block first.
    Without blocks whole rows are hidden."""

    def can_hold(self, cells: Cells) -> bool:
        """Whether such counts can be."""
        return all(min(row) >= 0 and all(row[part] <= row[whole] for part, whole in self.parts) for row in cells)


def _move(columns: tuple[str, ...], *falling: str, rising: str | None = None) -> Move:
    return tuple((name in falling) - (name == rising) for name in columns)


def _places(columns: tuple[str, ...], *names: str) -> frozenset[int]:
    return frozenset(columns.index(name) for name in names)


_STATES = (*STATE_COUNTS, *COHORT_COUNTS)
_START = ("started_count", "cohort_started_count")

COMPLETION = Breakdown(
    columns=_STATES,
    moves=(
        _move(_STATES, "completed_count"),
        _move(_STATES, "created_count"),
        _move(_STATES, "created_count", "created_same_day_count"),
        _move(_STATES, *_START),
        _move(_STATES, *_START, "cohort_created_count"),
        _move(_STATES, *_START, "cohort_completed_count"),
        _move(_STATES, *_START, "cohort_created_count", "cohort_completed_count"),
    ),
    parts=tuple(
        (_STATES.index(part), _STATES.index(whole))
        for part, whole in (
            ("created_same_day_count", "created_count"),
            ("cohort_created_count", "cohort_started_count"),
            ("cohort_completed_count", "cohort_started_count"),
        )
    ),
)

_SIDE_CHANNELS = ("phone_count", "other_count", "unknown_count")

TAKE_UP = Breakdown(
    columns=TAKE_UP_COUNTS,
    moves=(
        *(_move(TAKE_UP_COUNTS, one, rising=other) for one, other in combinations(CHANNEL_COUNTS, 2)),
        *(_move(TAKE_UP_COUNTS, channel, "total_count") for channel in CHANNEL_COUNTS),
    ),
    blocks=(
        _places(TAKE_UP_COUNTS, *_SIDE_CHANNELS),
        _places(TAKE_UP_COUNTS, *_SIDE_CHANNELS, "assisted_count"),
        _places(TAKE_UP_COUNTS, *CHANNEL_COUNTS),
    ),
)
