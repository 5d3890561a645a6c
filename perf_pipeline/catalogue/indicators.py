"""The published indicators: what each means, and which column is its headline."""

from dataclasses import dataclass
from typing import Literal

from perf_pipeline.catalogue.windows import COHORT_DAYS

IndicatorName = Literal["user-satisfaction", "completion-rate", "digital-take-up"]


@dataclass(frozen=True)
class Indicator:
    """One indicator. Its tables are the datasets that name it. Its sources are the entries of `sources` that name it."""

    name: IndicatorName
    title: str
    definition: str
    headline_column: str

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
    ),
    Indicator(
        "completion-rate",
        "Completion rate",
        "Of the applications started in a period, the share created by the end of"
        f" the {COHORT_DAYS}th day after their start.",
        "cohort_completion_percent",
    ),
    Indicator(
        "digital-take-up",
        "Digital take-up",
        "Of all applications received, by the day of receipt, the share made online or online with help.",
        "digital_take_up_percent",
    ),
)

INDICATORS: dict[IndicatorName, Indicator] = {indicator.name: indicator for indicator in _ENTRIES}
