"""The markers that may stand beside a figure, and what each means (DOMAIN 2.5)."""

from enum import Enum


class Marker(Enum):
    """Shorthand that stands beside a figure, in a column of its own."""

    BREAK_IN_SERIES = "b"
    SUPPRESSED = "c"
    ESTIMATED = "e"
    PROVISIONAL = "p"
    REVISED = "r"
    NOT_AVAILABLE = "x"
    NOT_APPLICABLE = "z"

    @property
    def meaning(self) -> str:
        """The marker in words, as legends have it."""
        return self.name.replace("_", " ").lower()
