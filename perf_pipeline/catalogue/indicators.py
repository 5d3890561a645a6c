"""The published indicators: what each means, and which column is its headline."""

from dataclasses import dataclass
from typing import Literal

from perf_pipeline.catalogue.windows import COHORT_DAYS

IndicatorName = Literal["user-satisfaction", "completion-rate", "digital-take-up"]


@dataclass(frozen=True)
class Indicator:
    """One indicator. Its tables are the datasets that name it."""

    name: IndicatorName
    title: str
    definition: str
    headline_column: str
    sources: tuple[str, ...]
    """The sources that deliver data for it, by their names in `sources`."""

    @property
    def published_dataset(self) -> str:
        """Name of the dataset of its published figures."""
        return f"published_{self.name.replace('-', '_')}"


_ENTRIES = (
    Indicator(
        "user-satisfaction",
        "User satisfaction",
        "How people who used the service felt about it, on a scale of five ratings, under the method in force.",
        "headline_percent",
        ("done-page", "in-service"),
    ),
    Indicator(
        "completion-rate",
        "Completion rate",
        "Of the applications started in a period, the share created by the end of"
        f" the {COHORT_DAYS}th day after their start.",
        "cohort_completion_percent",
        ("applications",),
    ),
    Indicator(
        "digital-take-up",
        "Digital take-up",
        "Of all applications received, by the day of receipt, the share made online or online with help.",
        "digital_take_up_percent",
        ("sirius",),
    ),
)

INDICATORS: dict[IndicatorName, Indicator] = {indicator.name: indicator for indicator in _ENTRIES}
