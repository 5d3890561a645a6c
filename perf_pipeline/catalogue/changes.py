"""What can change about a period that a source has delivered."""

from enum import Enum


class SourceChange(Enum):
    """The last change of a period, as the ledger of deliveries has it."""

    DELIVERED = "delivered"
    """Delivered for the first time."""
    NEW_ROWS = "new rows"
    """Rows that were not there before, or that are usable now."""
    REVISED = "revised"
    """The source gives other values than before."""
