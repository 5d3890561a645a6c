"""The form of a check: a sentence that is true when it passes, what is wrong when it fails, and which datasets it is on.

Its SQL is in `quality/sql/checks/`, in the file of its name or of the pattern that it shares with others (`sql`). What a
file may refer to is in `quality.queries`; an entry adds what differs by dataset, such as names of columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perf_pipeline.catalogue.described import DescribedEnum
from perf_pipeline.catalogue.severity import Severity


class Kind(DescribedEnum):
    """What a check is about, in the order in which people should look."""

    CONTRACT = "contract", "Columns, values and keys are those of the catalogue."
    COMPLETENESS = "completeness", "Every day is there, and every row is accounted for."
    CONSISTENCY = "consistency", "Figures follow from their counts, and parts add up."
    TIMELINESS = "timeliness", "Sources deliver when they are due."
    PLAUSIBILITY = "plausibility", "Figures are like those of the days before."


Parameters = Mapping[str, str | tuple[str, ...]]
"""What fills placeholders of a check's SQL on one dataset: a piece of SQL, or columns."""


@dataclass(frozen=True)
class Rule:
    """One check."""

    name: str
    kind: Kind
    severity: Severity
    protects_from: str
    next_step: str
    on: Mapping[str, Parameters] = field(default_factory=dict)
    """The datasets that it checks. Empty for the checks of sources, which are about no table."""
    sql: str = ""
    """The pattern that it shares with other checks; empty where its SQL is its own."""
    shows_observed: bool = False
    """Whether what was found is kept for days that passed too, because it is a measure and not a fault."""
    is_consequence: bool = False
    """Whether it only passes on what another check reported, so that nobody needs another alert."""
    thresholds: tuple[str, ...] = ()
    fault: str = field(kw_only=True)
    """What is wrong when it fails, as part of a sentence: `the five ratings do not add up to the responses`."""

    @property
    def sentence(self) -> str:
        """What is true when it passes: `Counts add up to responses.`"""
        return f"{self.name.replace('_', ' ').capitalize()}."


def on_each(datasets: Iterable[str], **parameters: str | tuple[str, ...]) -> dict[str, Parameters]:
    """The same parameters on several datasets."""
    return dict.fromkeys(datasets, parameters)
