"""How a check can end, and what a failure of it does."""

from enum import Enum


class Severity(Enum):
    """What happens when a check fails."""

    BLOCKING = "blocking"
    """The day is held back: nothing is made of it, and its last good figures stay."""
    FAILING = "failing"
    """The run fails and people are told. Nothing is held back: what is lacking can't be wrong."""
    WARNING = "warning"
    """It is shown, and nothing else: the figure may well be right."""


class Result(Enum):
    """How a check ended for a day."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    """It could not be made, and so did not pass."""
