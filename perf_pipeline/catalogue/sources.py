"""Every source: what it delivers, where it is, when it is due, and why its rows can be unusable.

Settings, planner, extraction, checks, lineage and documents use these entries. The code that reads a source is in its
folder under `extracted/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from perf_pipeline.catalogue.cadences import Cadence, Monthly, Nightly
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.quarantine_reasons import (
    APPLICATION_REASONS,
    CHANNEL_COUNT_REASONS,
    DONE_PAGE_REASONS,
    IN_SERVICE_REASONS,
)
from perf_pipeline.catalogue.windows import COHORT_DAYS, ROWS_KEPT_MONTHS, SIRIUS_REVISION_DAYS

Option = Literal["slug", "database"]
"""Options of a source in the services file: the slug of a page, or the variable with the URL of a database."""


@dataclass(frozen=True)
class Source:
    """One system that we only read."""

    name: str
    """Its name in the services file and in the ledgers."""
    asset: str
    """Its name in Dagit's lineage."""
    description: str
    kind: str
    """The kind that Dagit shows: postgres, csv, api."""
    extract: str
    """The dataset into which its rows are merged."""
    cadence: Cadence
    owner: str
    setting: str | None = None
    """The setting with its address. None when the services file names the variable (option `database`)."""
    options: tuple[Option, ...] = ()
    """The options that the services file must give for it."""
    window_days: int | None = None
    """How many of the newest days every extraction reads again. None for files, which are read when they change."""
    delivers: Literal["day", "month"] = "day"
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why one of its rows can be unusable: the reason and its description."""
    rows_kept_months: int | None = None
    """How long its rows are kept if they are about single people. None: for ever."""
    retries_itself: bool = False
    """Whether its reader retries transient failures itself."""
    is_counted_by_source: bool = False
    """Whether the source delivers counts. A day without a row is then not known yet; otherwise it is zero."""


_ENTRIES = (
    Source(
        "done-page",
        asset="feedback_explorer_exports",
        description="GOV.UK Feedback Explorer exports: ratings of the page at the end of each service, as CSV files that"
        " a person puts into a folder every month. Days are UTC days.",
        kind="csv",
        extract="extracted_feedback",
        cadence=Monthly(5),
        owner="team:performance-data",
        setting="feedback_exports_dir",
        options=("slug",),
        reasons=DONE_PAGE_REASONS,
        is_counted_by_source=True,
    ),
    Source(
        "in-service",
        asset="make_an_lpa_feedback_table",
        description="The feedback table of the Make an LPA database: ratings from the banner inside the service. The"
        " mandatory comments never leave that database. Read only.",
        kind="postgres",
        extract="extracted_feedback",
        cadence=Nightly(1),
        owner="team:make-an-lpa",
        options=("database",),
        window_days=7,
        reasons=IN_SERVICE_REASONS,
        rows_kept_months=ROWS_KEPT_MONTHS,
    ),
    Source(
        "applications",
        asset="make_an_lpa_applications",
        description="The applications table of the Make an LPA database. Deleted applications are blanked, and edits reset"
        " stamps. Read only.",
        kind="postgres",
        extract="extracted_application_states",
        cadence=Nightly(1),
        owner="team:make-an-lpa",
        options=("database",),
        # Ten nights more than the time in which a type of LPA can change, so that no change is lost in a week's outage.
        window_days=COHORT_DAYS + 10,
        reasons=APPLICATION_REASONS,
        rows_kept_months=ROWS_KEPT_MONTHS,
    ),
    Source(
        "sirius",
        asset="sirius_channel_statistics",
        description="The Sirius data API: LPA applications received by day, type and channel, revised for months.",
        kind="api",
        extract="extracted_channel_counts",
        # Its gateway may serve data up to 48 hours old (DOMAIN 3.3).
        cadence=Nightly(3),
        owner="team:sirius",
        setting="sirius_url",
        window_days=SIRIUS_REVISION_DAYS,
        retries_itself=True,
        reasons=CHANNEL_COUNT_REASONS,
        is_counted_by_source=True,
    ),
)

SOURCES: dict[str, Source] = {source.name: source for source in _ENTRIES}


def sources_for(indicator: IndicatorName) -> tuple[str, ...]:
    """Names of the sources that deliver data for an indicator."""
    return tuple(source.name for source in _ENTRIES if source.name in INDICATORS[indicator].sources)


def sources_into(extract: str) -> tuple[Source, ...]:
    """The sources that are merged into an extracted dataset."""
    return tuple(source for source in _ENTRIES if source.extract == extract)
