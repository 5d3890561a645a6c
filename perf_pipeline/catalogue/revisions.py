"""Why a published value was changed (DOMAIN 2.5)."""

from perf_pipeline.catalogue.described import DescribedEnum


class RevisionCause(DescribedEnum):
    """The cause that a changed value keeps for good."""

    SCHEDULED = "scheduled", "It changed before it was final."
    CORRECTION = (
        "correction",
        "An error was corrected, or the value was withdrawn; the page shows a notice for twelve months.",
    )
    METHOD = "method", "The counts are the same, the method is another one."
    IMPORT_SUPERSEDED = "import-superseded", "A computed value replaced an imported one."
