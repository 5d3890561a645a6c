"""The form of a check: a sentence that is true when it passes, and the query that finds what breaks it.

A query gives `service`, `report_date`, `observed`, `expected` and `is_broken` for whatever it looks at: a row, a group, a
day. It reads `batch`, the rows of the days in question, and may hold these tokens, which `quality.queries` replaces:

    :first_day, :last_day       the range, as dates
    :limit_NAME                 a threshold of the row's service (the query has one column `service` where it stands)
    :good_periods_of_DATASET       the rows of a daily dataset that months are made from
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from perf_pipeline.catalogue.severity import Severity


class Kind(Enum):
    """What a check is about, in the order in which people should look."""

    CONTRACT = "contract"
    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    PLAUSIBILITY = "plausibility"


Batch = Literal["rows", "deliveries"]
"""What `batch` is: the dataset's rows of the days, or what the ledger says of its sources on them."""


@dataclass(frozen=True)
class Rule:
    """One check."""

    name: str
    kind: Kind
    severity: Severity
    protects_from: str
    next_step: str
    query: str = ""
    batch: Batch = "rows"
    shows_observed: bool = False
    """Whether what was found is worth keeping for days that passed too: a measure, not a fault."""
    is_consequence: bool = False
    """Whether it only passes on what another check said, so that nobody needs to be told again."""
    thresholds: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The check in words: `Counts add up to responses.`"""
        return f"{self.name.replace('_', ' ').capitalize()}."


def each_row(condition: str, observed: str, expected: str, day: str = "report_date") -> str:
    """The query of a check on rows: `condition` holds for each; null is not true."""
    return (
        f"SELECT service, {day} AS report_date, ({observed})::text AS observed, ({expected})::text AS expected,"
        f" NOT coalesce({condition}, false) AS is_broken FROM batch"
    )
