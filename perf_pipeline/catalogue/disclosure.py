"""The limits on what a breakdown may publish (DOMAIN 2.5), and the breakdowns that they apply to.

Not here: which cells are suppressed (`published.suppressing`).
"""

from dataclasses import dataclass

from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS, TAKE_UP_COUNTS

SMALL_COUNTS = range(1, 5)
"""Counts that a breakdown does not show. It shows zero: a zero is about nobody."""

SMALLEST_DENOMINATOR = 30
"""A breakdown shows no percentage with a smaller denominator."""


@dataclass(frozen=True)
class RowSum:
    """A count that is the sum of all others in its row."""

    total: str
    partner: str
    """The count, usually a large one, that is suppressed beside small ones so that the sum can stay."""


@dataclass(frozen=True)
class Breakdown:
    """The counts of one indicator by a dimension. In each period the rows of every column add up to the total row."""

    columns: tuple[str, ...]
    """The counts. A row that holds more than half of the first one holds the majority."""
    dimension: str = "lpa_type"
    row_sum: RowSum | None = None
    estimated_from: tuple[str, ...] = ()
    """The counts that decide whether a row carries `[e]`."""


COMPLETION = Breakdown((*STATE_COUNTS, *COHORT_COUNTS))

TAKE_UP = Breakdown(
    TAKE_UP_COUNTS,
    row_sum=RowSum("total_count", partner="paper_count"),
    estimated_from=("unknown_count", "total_count"),
)
