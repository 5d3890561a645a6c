"""What each column means: one entry per column, used by every table, file, check and page with that column."""

from dataclasses import dataclass, replace

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.described import DescribedEnum
from perf_pipeline.catalogue.dimensions import ALL, LPA_TYPE, LPA_TYPES, RATING_SOURCE
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS, UNKNOWN_METHOD
from perf_pipeline.catalogue.revisions import RevisionCause
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.windows import COHORT_DAYS


class ColumnType(DescribedEnum):
    """Kinds of values by their meaning. Each writer maps them to its own types."""

    NAME = "name", "name"
    TEXT = "text", "text"
    DAY = "day", "day, Europe/London"
    INSTANT = "instant", "instant, UTC"
    COUNT = "count", "count, whole number"
    PERCENT = "percent", "percentage, two decimals"
    HEADLINE = "headline", "percentage, whole number"
    FLAG = "flag", "yes or no"
    HASH = "hash", "hash, 128 bits"
    MARKERS = "markers", "markers"
    JSON = "json", "JSON"


@dataclass(frozen=True)
class Column:
    """One column: its name, type, title and meaning, and the contract for its values."""

    name: str
    type: ColumnType
    description: str
    is_required: bool = True
    allowed: tuple[str, ...] = ()
    minimum: int = 0
    """Of a count or percentage."""
    maximum: int | None = None
    made_from: tuple[str, ...] = ()
    """The columns of the same row that the value is computed from. Of a share: the parts of it, and then the whole."""
    counted: str = ""
    """What a count counts, as it follows the number: `608 responses`."""

    @property
    def title(self) -> str:
        """Heading for people: "Very satisfied count" for `very_satisfied_count`."""
        return self.name.replace("_", " ").capitalize()


CHANNELS = ("online", "assisted", "paper", "phone", "other", "unknown")
RATING_COUNTS = (
    "very_satisfied_count",
    "satisfied_count",
    "neither_count",
    "dissatisfied_count",
    "very_dissatisfied_count",
)
CHANNEL_COUNTS = tuple(f"{channel}_count" for channel in CHANNELS)


def _name(name: str, description: str, *allowed: str) -> Column:
    return Column(name, ColumnType.NAME, description, allowed=allowed)


def _count(name: str, description: str, *made_from: str, counted: str = "") -> Column:
    words = counted or name.removesuffix("_count").replace("_", " ")
    return Column(name, ColumnType.COUNT, description, made_from=made_from, counted=words)


def _percent(name: str, description: str, *made_from: str, maximum: int | None = 100) -> Column:
    return Column(name, ColumnType.PERCENT, description, is_required=False, maximum=maximum, made_from=made_from)


def _optional_instant(name: str, description: str) -> Column:
    return Column(name, ColumnType.INSTANT, description, is_required=False)


def _optional_day(name: str, description: str) -> Column:
    return Column(name, ColumnType.DAY, description, is_required=False)


def _optional_type(name: str, description: str) -> Column:
    return Column(name, ColumnType.NAME, description, is_required=False, allowed=LPA_TYPES)


def _instant(name: str, description: str) -> Column:
    return Column(name, ColumnType.INSTANT, description)


_ENTRIES = (
    _name("service", "The service that the figure is about, by its slug in the services file."),
    Column("report_date", ColumnType.DAY, "The reporting day, Europe/London; for done-page ratings the UTC day."),
    Column("month_start", ColumnType.DAY, "First day of the month."),
    Column("period_start", ColumnType.DAY, "First day of the period."),
    _name("period", "Length of the period.", "day", "month"),
    _name(
        "source",
        "Where the ratings were given: the done page or the service's own banner. The two are never summed.",
        *RATING_SOURCE.all_values,
    ),
    _name("lpa_type", f"Type of lasting power of attorney; `{ALL}` is the total.", *LPA_TYPE.all_values),
    # user satisfaction
    _count("very_satisfied_count", "Ratings of 5, very satisfied."),
    _count("satisfied_count", "Ratings of 4, satisfied."),
    _count("neither_count", "Ratings of 3, neither satisfied or dissatisfied."),
    _count("dissatisfied_count", "Ratings of 2, dissatisfied."),
    _count("very_dissatisfied_count", "Ratings of 1, very dissatisfied."),
    _count("responses_count", "All ratings of the period: the sum of the five.", *RATING_COUNTS),
    _percent(
        "satisfied_percent",
        "Share of very satisfied and satisfied ratings (method top_two_box).",
        "very_satisfied_count",
        "satisfied_count",
        "responses_count",
    ),
    _percent(
        "satisfaction_score_percent",
        "Ratings weighted 4, 3, 2, 1, 0, as a share of the highest possible (method weighted_mean).",
        *RATING_COUNTS,
    ),
    Column(
        "headline_percent",
        ColumnType.HEADLINE,
        "The figure under the method in force in the period, a whole number rounded half up. Empty without responses.",
        is_required=False,
        maximum=100,
        made_from=(*RATING_COUNTS, "headline_method"),
    ),
    _name(
        "headline_method",
        "The method of the headline figure; unknown for imported figures without counts.",
        *SATISFACTION_METHODS,
        UNKNOWN_METHOD,
    ),
    # completion rate
    _count("started_count", "Applications started in the period.", counted="applications started"),
    _count(
        "created_count",
        "Applications created (ready to sign and pay) in the period, whenever started.",
        counted="applications created",
    ),
    _count(
        "completed_count",
        "Applications completed (signed and paid) in the period, whenever started.",
        counted="applications completed",
    ),
    _count(
        "created_same_day_count",
        "Of those created in the period, how many were started on the same day.",
        counted="applications created on the day of their start",
    ),
    _percent(
        "created_per_started_percent",
        "Created ÷ started in the same period. Can exceed 100.",
        "created_count",
        "started_count",
        maximum=None,
    ),
    _count(
        "cohort_started_count", "The cohort: applications started in the period.", counted="applications in the cohort"
    ),
    _count(
        "cohort_created_count",
        f"Of the cohort, how many were created by the end of the {COHORT_DAYS}th day after their start.",
        counted="applications of the cohort created",
    ),
    _count(
        "cohort_completed_count",
        f"Of the cohort, how many were completed by the end of the {COHORT_DAYS}th day after their start.",
        counted="applications of the cohort completed",
    ),
    _percent(
        "cohort_completion_percent",
        f"Completion rate: share of the cohort that was created within {COHORT_DAYS} days.",
        "cohort_created_count",
        "cohort_started_count",
    ),
    # digital take-up
    _count("online_count", "Applications received that were made online."),
    _count("assisted_count", "Applications received that were made online with help."),
    _count("paper_count", "Applications received on paper.", counted="on paper"),
    _count("phone_count", "Applications received by telephone.", counted="by telephone"),
    _count("other_count", "Applications received through another channel.", counted="through other channels"),
    _count(
        "unknown_count",
        "Applications received through an unknown channel. They are part of the total.",
        counted="through unknown channels",
    ),
    _count(
        "total_count", "Applications received through all channels.", *CHANNEL_COUNTS, counted="applications received"
    ),
    _percent(
        "digital_take_up_percent",
        "Digital take-up: (online + assisted) ÷ all channels, by the day of receipt.",
        "online_count",
        "assisted_count",
        "total_count",
    ),
    # periods and markers
    _count("days_included_count", "Days of the period whose counts are included."),
    _count("days_expected_count", "Days of the period."),
    Column("is_provisional", ColumnType.FLAG, "Whether the figure is not final and can still change."),
    Column("is_estimated", ColumnType.FLAG, "Whether the figure was computed from incomplete data."),
    _name(
        "origin",
        "Whether the figure was computed here or imported from earlier publications.",
        "computed",
        "imported",
    ),
    Column(
        "markers",
        ColumnType.MARKERS,
        f"{', '.join(f'[{marker.value}] {marker.meaning}' for marker in Marker)}.",
    ),
    # extracts
    _name(
        "granularity",
        "Whether the row is one response, which we count, or a daily count by the source.",
        "response",
        "aggregate",
    ),
    Column(
        "feedback_key",
        ColumnType.HASH,
        "Identifies the row of the source, so that it is recognised when it is read again.",
    ),
    _instant("received_at", "When the rating was given. The start of the day for a daily count."),
    Column("rating", ColumnType.COUNT, "5 very satisfied to 1 very dissatisfied.", minimum=1, maximum=5),
    _count("ratings_count", "Number of ratings in the row: 1 for a response."),
    Column(
        "page_path",
        ColumnType.TEXT,
        "Page on which the rating was given, without query, identifiers or fragment.",
        is_required=False,
    ),
    Column("application_hash", ColumnType.HASH, "Keyed hash of the application's id."),
    _optional_instant("started_at", "When the application was started: the earliest stamp ever read."),
    _optional_instant("created_at", "When the application was created: the earliest stamp ever read."),
    _optional_instant("completed_at", "When the application was completed: the earliest stamp ever read."),
    _optional_instant("latest_created_at", "The latest such stamp ever read. Kept for audit, never counted."),
    _optional_instant("latest_completed_at", "The latest such stamp ever read. Kept for audit, never counted."),
    _optional_day("started_date", "Reporting day of the start."),
    _optional_day("created_date", "Reporting day of the creation."),
    _optional_day("completed_date", "Reporting day of the completion."),
    _optional_type(
        "started_lpa_type", f"Type of LPA of the start: the last one known by the {COHORT_DAYS}th day after it."
    ),
    _optional_type("created_lpa_type", "Type of LPA of the creation: the one known when it was first extracted."),
    _optional_type("completed_lpa_type", "Type of LPA of the completion: the one known when it was first extracted."),
    Column("is_final", ColumnType.FLAG, "Whether the source marks the counts as final."),
    _instant("first_seen_at", "When the row was first extracted."),
    _instant(
        "last_seen_at", "When the row was last read from its source; exact to the day for unchanged applications."
    ),
    _optional_instant(
        "superseded_at",
        "When a newer version replaced the row, or it was found to repeat another row. Empty while the row is counted.",
    ),
    # ledgers
    Column("subject", ColumnType.NAME, "The subject of the row: a service, by its slug in the services file."),
    Column("dataset", ColumnType.NAME, "The table that the row is about."),
    _name("source_name", "The source, by its name in the services file.", *SOURCES),
    _name(
        "outcome",
        "How the last reading of the source ended. unset: the source has no address.",
        "read",
        "failed",
        "unset",
    ),
    Column("failure", ColumnType.TEXT, "Why the last reading failed. Empty when it succeeded.", is_required=False),
    _instant("attempted_at", "When we last tried to read the source."),
    _optional_instant("succeeded_at", "When the source was last read successfully."),
    Column("asked_from", ColumnType.DAY, "The earliest day that was ever requested from the source."),
    _optional_day("owed_from", "The earliest day of a failed reading that no later reading has covered."),
    _optional_day("complete_up_to", "The last day that the source reported as complete when it was last read."),
    _count("revision_count", "How often the counts of the day have changed, including the first delivery."),
    _name("change", "What the last change was.", *(change.value for change in SourceChange)),
    _instant("changed_at", "When the counts of the day last changed."),
    _instant("first_delivered_at", "When the source first delivered the day."),
    _instant("delivered_at", "When the source last delivered the day."),
    Column("is_short", ColumnType.FLAG, "Whether the source's data show that the day may be incomplete."),
    _count("rows_read_count", "Rows of the day that were read from the source."),
    _count("rows_kept_count", "Of them, rows that are counted."),
    _count("rows_quarantined_count", "Of them, unusable rows, which are in quarantine."),
    _count("rows_duplicate_count", "Of them, double submissions, which are not counted again."),
    Column("file_name", ColumnType.TEXT, "Name of the file in the folder of exports."),
    _instant("modified_at", "The file's modification time."),
    _count("size_bytes_count", "Its size in bytes."),
    Column("run_id", ColumnType.TEXT, "The run that wrote the row."),
    Column("reason", ColumnType.NAME, "Why the row is unusable."),
    Column("detail", ColumnType.TEXT, "Numbers that explain the reason. Never text of the row.", is_required=False),
    Column(
        "is_held", ColumnType.FLAG, "Whether a person has to accept the file first, because it would remove ratings."
    ),
    _instant("accepted_at", "When a person accepted the file."),
    Column("row_ref", ColumnType.TEXT, "Where to find the row in its source. Never text of the row."),
    _optional_instant("resolved_at", "When the row was read again and was usable. Empty while it is in quarantine."),
    Column(
        "source_revisions",
        ColumnType.JSON,
        "What the period was built from: the revision count of each source, null for a source without an address.",
    ),
    Column("code_version", ColumnType.TEXT, "Digest of the code and the catalogue that built the period."),
    _instant("built_at", "When the period was built."),
    Column(
        "has_passed",
        ColumnType.FLAG,
        "Whether the period passed every blocking check. Empty until it is checked.",
        is_required=False,
    ),
    Column(
        "publishing_run_id",
        ColumnType.TEXT,
        "The run that published the period. Empty until then.",
        is_required=False,
    ),
    _optional_instant(
        "released_at",
        "When the day was first included in a release, or the month was approved. Empty until then.",
    ),
    _instant("published_at", "When this version of the figure was published."),
    Column(
        "revision_cause",
        ColumnType.NAME,
        "Why the value differs from the version before. Empty when it does not differ.",
        is_required=False,
        allowed=tuple(cause.value for cause in RevisionCause),
    ),
    Column(
        "revision_reason",
        ColumnType.TEXT,
        "The reason given by a person who changed the figure.",
        is_required=False,
    ),
    _optional_instant(
        "revised_at", "When the value last changed. It is marked as revised until the next month begins."
    ),
    _instant("withdrawn_at", "When the figure was withdrawn."),
    Column("withdrawal_reason", ColumnType.TEXT, "Why it was withdrawn."),
    # revision log
    _name("indicator", "The indicator that the value belongs to.", *INDICATORS),
    Column("dimension", ColumnType.NAME, "The source of the ratings, or the type of LPA."),
    Column("figure", ColumnType.NAME, "The column that changed."),
    Column(
        "earlier_value", ColumnType.TEXT, "The value before the change. Empty when there was none.", is_required=False
    ),
    Column("later_value", ColumnType.TEXT, "The value after the change. Empty when there is none.", is_required=False),
    _instant("earlier_published_at", "When the earlier value was published."),
    # verdicts
    _name("check_name", "The check: a sentence that is true when it passes. docs/quality.md describes each check."),
    _name(
        "severity",
        "The effect of a failure. blocking: the day is not published. failing: only the run fails. warning: it is shown.",
        *(severity.value for severity in Severity),
    ),
    _name(
        "result",
        "How the check ended. A check that crashed did not pass.",
        *(result.value for result in Result),
    ),
    Column("observed", ColumnType.TEXT, "What the check found. Never free text of a person.", is_required=False),
    Column("expected", ColumnType.TEXT, "What the check expected.", is_required=False),
    _instant("decided_at", "When the check was made."),
    Column("good_rows", ColumnType.JSON, "The rows of the period as they were when they last passed."),
    # alerts
    Column("about", ColumnType.NAME, "The command, night or run that the alert belongs to."),
    _optional_day("night", "The night that the alert belongs to. Empty when it belongs to no night."),
    Column("alert_subject", ColumnType.TEXT, "Where the problem is: a service and table, or a step of a run."),
    Column("finding_digest", ColumnType.TEXT, "Digest of the finding."),
    _instant("sent_at", "When the message was sent."),
)

COLUMNS: dict[str, Column] = {column.name: column for column in _ENTRIES}


def optional(name: str) -> Column:
    """A column of the catalogue that may be empty: a published figure can be not available or suppressed."""
    return replace(COLUMNS[name], is_required=False)
