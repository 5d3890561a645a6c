"""The published user satisfaction figures."""

from datetime import date

from perf_pipeline.catalogue.methods import is_break
from perf_pipeline.published.figures import BreakRule
from perf_pipeline.published.series import PublishedSeries
from perf_pipeline.systems import Systems


def break_rule(systems: Systems) -> BreakRule:
    """A series breaks where a new method comes into force, or another source becomes the headline."""

    def is_break_of(service: str, first: date, last: date) -> bool:
        # A service that was removed from the services file keeps its figures.
        changes_source = service in systems.services and systems.services[service].changes_headline_source(first, last)
        return changes_source or is_break(first, last)

    return is_break_of


USER_SATISFACTION = PublishedSeries(
    "user-satisfaction",
    daily=("daily_user_satisfaction",),
    monthly="monthly_user_satisfaction",
    note="The first period of a new method or headline source has a break marker.",
    break_rule=break_rule,
)
