"""What can change about a period that a source has delivered."""

from perf_pipeline.catalogue.described import DescribedEnum


class SourceChange(DescribedEnum):
    """The last change of a period, as the ledger of deliveries records it."""

    DELIVERED = "delivered", "The source delivered the period for the first time."
    NEW_ROWS = "new rows", "There are rows that were not there before, or that are usable now."
    REVISED = "revised", "The source gives other values than before."
