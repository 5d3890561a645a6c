"""How figures are calculated, and from when on which method is the headline (DOMAIN 2.1).

A method is data: weights of the five ratings. Adding an era is adding an entry.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise


@dataclass(frozen=True)
class SatisfactionMethod:
    """Percentage = Σ weight · count ÷ (highest weight · responses) × 100."""

    id: str
    title: str
    column: str
    weights: tuple[int, int, int, int, int]
    """Weights of very satisfied, satisfied, neither, dissatisfied, very dissatisfied."""


@dataclass(frozen=True)
class Era:
    """A stretch of time with one headline method: from `first_day` to the day before the next era."""

    first_day: date
    method_id: str

    def __post_init__(self) -> None:
        if self.first_day.day != 1:
            # A month of two methods would have no headline at all.
            raise ValueError(f"an era begins on the first day of a month, not on {self.first_day}")


WEIGHTED_MEAN = SatisfactionMethod(
    "weighted_mean", "Weighted mean of the five ratings", "satisfaction_score_percent", (4, 3, 2, 1, 0)
)
TOP_TWO_BOX = SatisfactionMethod(
    "top_two_box", "Share of very satisfied and satisfied ratings", "satisfied_percent", (1, 1, 0, 0, 0)
)
SATISFACTION_METHODS: dict[str, SatisfactionMethod] = {method.id: method for method in (WEIGHTED_MEAN, TOP_TWO_BOX)}
SATISFACTION_ERAS: tuple[Era, ...] = (
    Era(date(2021, 3, 1), WEIGHTED_MEAN.id),
    Era(date(2026, 4, 1), TOP_TWO_BOX.id),
)


def method_in_force(day: date, eras: tuple[Era, ...] = SATISFACTION_ERAS) -> SatisfactionMethod:
    """The headline method of a day. Days before the first era take the first."""
    current = eras[0]
    for _, later in pairwise(eras):
        if later.first_day <= day:
            current = later
    return SATISFACTION_METHODS[current.method_id]


def is_break(period_start: date, period_end: date, eras: tuple[Era, ...] = SATISFACTION_ERAS) -> bool:
    """Whether a new method comes into force within the period: it carries `[b]`."""
    return any(period_start <= era.first_day <= period_end for era in eras[1:])
