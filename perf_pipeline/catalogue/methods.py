"""How figures are calculated, and which method gives the headline from which day on (DOMAIN 2.1).

A method is data: the weights of the five ratings. A new era is a new entry. Figures change from its first day on.
Earlier figures change only if the era restates history.
"""

from collections.abc import Sequence
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
    """The time with one headline method: from `first_day` to the day before the next era."""

    first_day: date
    method_id: str
    restates_history: bool = False
    """Whether its method also applies to all earlier days. Published figures are then revised with the cause `method`."""

    def __post_init__(self) -> None:
        if self.first_day.day != 1:
            # A month with two methods would have no headline.
            raise ValueError(f"an era begins on the first day of a month, not on {self.first_day}")


WEIGHTED_MEAN = SatisfactionMethod(
    "weighted_mean", "Weighted mean of the five ratings", "satisfaction_score_percent", (4, 3, 2, 1, 0)
)
TOP_TWO_BOX = SatisfactionMethod(
    "top_two_box", "Share of very satisfied and satisfied ratings", "satisfied_percent", (1, 1, 0, 0, 0)
)
SATISFACTION_METHODS: dict[str, SatisfactionMethod] = {method.id: method for method in (WEIGHTED_MEAN, TOP_TWO_BOX)}
UNKNOWN_METHOD = "unknown"
"""The method of an imported headline without counts."""
SATISFACTION_ERAS: tuple[Era, ...] = (
    Era(date(2021, 3, 1), WEIGHTED_MEAN.id),
    Era(date(2026, 4, 1), TOP_TWO_BOX.id),
)


def eras_in_force(eras: Sequence[Era] | None = None) -> Sequence[Era]:
    """The eras that apply, in order. An era that restates history replaces all eras before it."""
    eras = SATISFACTION_ERAS if eras is None else eras
    restating = [place for place, era in enumerate(eras) if era.restates_history]
    return eras[restating[-1] :] if restating else eras


def method_in_force(day: date, eras: Sequence[Era] | None = None) -> SatisfactionMethod:
    """The headline method of a day. Days before the first era in force use that era."""
    first, *later = eras_in_force(eras)
    begun = [era for era in later if era.first_day <= day]
    return SATISFACTION_METHODS[(begun[-1] if begun else first).method_id]


def is_break(period_start: date, period_end: date, eras: Sequence[Era] | None = None) -> bool:
    """Whether a new method comes into force within the period, which is then marked `[b]`."""
    return any(
        period_start <= later.first_day <= period_end and later.method_id != earlier.method_id
        for earlier, later in pairwise(eras_in_force(eras))
    )
