"""Why a published value was changed (DOMAIN 2.5)."""

from enum import Enum


class RevisionCause(Enum):
    """The cause that a changed value carries for good."""

    SCHEDULED = "scheduled"
    """Changed before it was final."""
    CORRECTION = "correction"
    """An error was put right, or the value taken back; a notice stands on the page for twelve months."""
    METHOD = "method"
    """The same counts, under another method."""
    IMPORT_SUPERSEDED = "import-superseded"
    """A computed value in place of an imported one."""
