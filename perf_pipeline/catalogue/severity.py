"""How a check can end, and what a failure of it does."""

from perf_pipeline.catalogue.described import DescribedEnum

NOT_RUN = "the check could not be run"
"""How the finding of a check that crashed begins."""


class Severity(DescribedEnum):
    """What happens when a check fails."""

    BLOCKING = "blocking", "The day is held back: nothing is built from it, and its last good figures stay."
    FAILING = (
        "failing",
        "The run fails and an alert is sent. Nothing is held back: figures that are missing are not wrong.",
    )
    WARNING = "warning", "It is shown and holds nothing back: the figure may be right."


class Result(DescribedEnum):
    """How a check ended for a day."""

    PASSED = "passed", "What is checked is true of the day."
    FAILED = "failed", "What is checked is not true of the day."
    CRASHED = "crashed", "The check could not be run, so the day has not passed."
