"""The indicators that are published: what each says, its headline column, and the sources that deliver for it."""

from dataclasses import dataclass
from typing import Literal, get_args

from perf_pipeline.catalogue.windows import COHORT_DAYS

Indicator = Literal["user-satisfaction", "completion-rate", "digital-take-up"]
FeedbackSource = Literal["done-page", "in-service"]
FEEDBACK_SOURCES: tuple[FeedbackSource, ...] = get_args(FeedbackSource)


@dataclass(frozen=True)
class Metric:
    """One indicator. Its tables are `daily_…`, `monthly_…` and `published_…` of the datasets that name it."""

    indicator: Indicator
    title: str
    definition: str
    headline_column: str
    sources: tuple[str, ...]
    """Names of the sources, as in the services file and the ledger of deliveries."""

    @property
    def published_dataset(self) -> str:
        """Name of the dataset of its published figures."""
        return f"published_{self.indicator.replace('-', '_')}"


_ENTRIES = (
    Metric(
        "user-satisfaction",
        "User satisfaction",
        "How people who used the service felt about it, on a scale of five ratings, under the method in force.",
        "headline_percent",
        FEEDBACK_SOURCES,
    ),
    Metric(
        "completion-rate",
        "Completion rate",
        "Of the applications started in a period, the share created by the end of"
        f" the {COHORT_DAYS}th day after their start.",
        "cohort_completion_percent",
        ("applications",),
    ),
    Metric(
        "digital-take-up",
        "Digital take-up",
        "Of all applications received, by the day of receipt, the share made online or online with help.",
        "digital_take_up_percent",
        ("sirius",),
    ),
)

METRICS: dict[Indicator, Metric] = {metric.indicator: metric for metric in _ENTRIES}
SOURCES = tuple(source for metric in _ENTRIES for source in metric.sources)
"""Names of all sources, as the ledger of deliveries has them."""


def indicator_of(source: str) -> Indicator:
    """The indicator that a source delivers for."""
    return next(metric.indicator for metric in _ENTRIES if source in metric.sources)
