"""Every dataset: its table, grain, key and columns. Tables, contracts, descriptions and the dictionary use these entries."""

from dataclasses import dataclass
from enum import Enum

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, COLUMNS, RATING_COUNTS, Column, optional
from perf_pipeline.catalogue.dimensions import LPA_TYPE, RATING_SOURCE, Dimension, Subject
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.windows import COHORT_DAYS, SIRIUS_REVISION_DAYS


class Stage(Enum):
    """The stages of the flow, in order. Each is a folder and an asset group."""

    EXTRACTED = "extracted"
    DAILY_METRICS = "daily_metrics"
    QUALITY = "quality"
    MONTHLY_METRICS = "monthly_metrics"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Dataset:
    """One table of schema `perf`. Most are also an asset of the same name."""

    name: str
    stage: Stage
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    day_columns: tuple[str, ...] = ("report_date",)
    """The columns by which ranges of days are found. Days are replaced by the first of them."""
    indicator: IndicatorName | None = None
    subject: Subject = "service"
    """The column with the subject of a row. Ledgers call it `subject`."""
    dimension: Dimension | None = None
    """The dimension by which its figures are broken down."""
    reach_back_days: int = 0
    """How many earlier days can change through the events of a day."""
    final_after_days: int | None = None
    """A provisional row is final after this many days. None when only the sources decide."""

    @property
    def day_column(self) -> str:
        """The column by which ranges of days are replaced."""
        return self.day_columns[0]

    @property
    def identity(self) -> tuple[str, ...]:
        """The key of a figure without its version, that is without the instant at which it was published."""
        return tuple(name for name in self.key if name != "published_at")

    @property
    def is_monthly(self) -> bool:
        """Whether each row is for a month."""
        return self.stage is Stage.MONTHLY_METRICS

    def touched_by(self, days: DayRange) -> DayRange:
        """The periods that can change through the events of `days`: these, earlier days, and whole months if monthly."""
        reached = days.earlier_by(self.reach_back_days)
        return reached.whole_months() if self.is_monthly else reached

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in their order."""
        return [column.name for column in self.columns]


def _columns(*names: str) -> tuple[Column, ...]:
    return tuple(COLUMNS[name] for name in names)


_SEEN = ("first_seen_at", "last_seen_at")
STATE_FLAGS = ("is_provisional", "is_estimated")
MONTH_COUNTS = ("days_included_count", "days_expected_count")
REVISION_COLUMNS = ("revision_cause", "revision_reason", "revised_at")
PERIODS = {"daily": "day", "monthly": "month"}
"""Lengths of the periods, by their names in commands and files."""
VERSION_COLUMNS = ("published_at", "superseded_at", "run_id", *REVISION_COLUMNS)
"""Columns that describe a version of a published figure, not the figure itself."""
SATISFACTION_FIGURES = (
    *RATING_COUNTS,
    "responses_count",
    "satisfied_percent",
    "satisfaction_score_percent",
    "headline_percent",
    "headline_method",
)
STATE_COUNTS = ("started_count", "created_count", "completed_count", "created_same_day_count")
COMPLETION_FIGURES = (*STATE_COUNTS, "created_per_started_percent")
COHORT_COUNTS = ("cohort_started_count", "cohort_created_count", "cohort_completed_count")
COHORT_FIGURES = (*COHORT_COUNTS, "cohort_completion_percent")
TAKE_UP_COUNTS = (*CHANNEL_COUNTS, "total_count")
TAKE_UP_FIGURES = (*TAKE_UP_COUNTS, "digital_take_up_percent")


def _published(
    indicator: IndicatorName, dimension: Dimension, figures: tuple[str, ...], reach_back_days: int = 0
) -> Dataset:
    entry = INDICATORS[indicator]
    return Dataset(
        entry.published_dataset,
        Stage.PUBLISHED,
        f"{entry.title} as published: every version of every daily and monthly figure. The files have the current ones.",
        "one row per service, period, dimension and version",
        ("service", "period_start", "period", dimension.column, "published_at"),
        (
            *_columns("service", "period_start", "period", dimension.column),
            *(optional(figure) for figure in figures),
            *(optional(name) for name in MONTH_COUNTS),
            *_columns("origin", "markers", *VERSION_COLUMNS),
        ),
        day_columns=("period_start",),
        indicator=indicator,
        dimension=dimension,
        reach_back_days=reach_back_days,
    )


_ENTRIES = (
    Dataset(
        "extracted_feedback",
        Stage.EXTRACTED,
        "Ratings as the sources delivered them: single responses from the service's own banner, and daily counts from the"
        " done page (single responses until the daily counts exist). No free text, no personal data.",
        "one row per response, or per page, day and rating when the source delivers counts",
        ("service", "source", "report_date", "feedback_key"),
        (
            *_columns("service", "source", "report_date", "granularity", "feedback_key", "received_at"),
            *_columns("rating", "ratings_count", "page_path"),
            optional("file_name"),
            optional("modified_at"),
            *_columns(*_SEEN, "superseded_at"),
        ),
        indicator="user-satisfaction",
    ),
    Dataset(
        "extracted_application_states",
        Stage.EXTRACTED,
        "The states that applications reached, each with the earliest stamp ever read. A row stays as it was first read"
        " when the source later blanks, deletes or restamps it.",
        "one row per application",
        ("service", "application_hash"),
        _columns(
            "service",
            "application_hash",
            "started_at",
            "started_date",
            "started_lpa_type",
            "created_at",
            "created_date",
            "created_lpa_type",
            "completed_at",
            "completed_date",
            "completed_lpa_type",
            "latest_created_at",
            "latest_completed_at",
            *_SEEN,
        ),
        day_columns=("started_date", "created_date", "completed_date"),
        indicator="completion-rate",
        reach_back_days=COHORT_DAYS,
    ),
    Dataset(
        "extracted_channel_counts",
        Stage.EXTRACTED,
        "Applications received by channel as Sirius counts them. A revision supersedes the earlier counts, which are"
        " kept.",
        "one row per service, day, type of LPA and version",
        ("service", "report_date", "lpa_type", "first_seen_at"),
        _columns("service", "report_date", "lpa_type", *TAKE_UP_COUNTS, "is_final", *_SEEN, "superseded_at"),
        indicator="digital-take-up",
    ),
    Dataset(
        "frozen_application_counts",
        Stage.EXTRACTED,
        "Counts of the days whose application rows were dropped after their retention time.",
        "one row per service, day and type of LPA",
        ("service", "report_date", "lpa_type"),
        _columns("service", "report_date", "lpa_type", *STATE_COUNTS, *COHORT_COUNTS),
        dimension=LPA_TYPE,
    ),
    Dataset(
        "frozen_feedback_counts",
        Stage.EXTRACTED,
        "Counts of the days whose single ratings were dropped after their retention time.",
        "one row per service, source and day",
        ("service", "source", "report_date"),
        _columns("service", "source", "report_date", *RATING_COUNTS),
        dimension=RATING_SOURCE,
    ),
    Dataset(
        "source_deliveries",
        Stage.EXTRACTED,
        "What each source delivered for each period, and its last change. A period without a row is not known yet.",
        "one row per subject, source and period",
        ("subject", "source_name", "period_start"),
        _columns(
            "subject",
            "source_name",
            "period_start",
            "revision_count",
            "change",
            "changed_at",
            "first_delivered_at",
            "delivered_at",
            "is_short",
            "rows_read_count",
            "rows_kept_count",
            "rows_quarantined_count",
            "rows_duplicate_count",
            "run_id",
        ),
        day_columns=("period_start",),
    ),
    Dataset(
        "source_readings",
        Stage.EXTRACTED,
        "How the last reading of each source ended, and which days have to be read again after a failure.",
        "one row per subject and source",
        ("subject", "source_name"),
        _columns(
            "subject",
            "source_name",
            "outcome",
            "failure",
            "attempted_at",
            "succeeded_at",
            "asked_from",
            "owed_from",
            "complete_up_to",
            "run_id",
        ),
        day_columns=(),
    ),
    Dataset(
        "export_files",
        Stage.EXTRACTED,
        "The Feedback Explorer exports that a service's page was last read from, with their sizes and times.",
        "one row per subject and file",
        ("subject", "file_name"),
        _columns("subject", "file_name", "modified_at", "size_bytes_count", "is_held"),
        day_columns=(),
    ),
    Dataset(
        "accepted_exports",
        Stage.EXTRACTED,
        "Feedback Explorer exports that a person has accepted: they are whole, and right although they remove ratings.",
        "one row per file",
        ("file_name",),
        _columns("file_name", "modified_at", "size_bytes_count", "accepted_at"),
        day_columns=(),
    ),
    Dataset(
        "quarantined_rows",
        Stage.QUALITY,
        "Rows that could not be used, with the reason and where to find them in their source. No figure includes them.",
        "one row per unusable source row",
        ("subject", "source_name", "row_ref"),
        (
            *_columns("subject", "source_name", "row_ref"),
            optional("file_name"),
            optional("period_start"),
            *_columns("reason", "detail", *_SEEN, "resolved_at"),
        ),
        day_columns=("period_start",),
    ),
    Dataset(
        "built_periods",
        Stage.QUALITY,
        "What each period of each daily and monthly table was built from, whether it has passed its checks, and whether"
        " a release includes it.",
        "one row per dataset, subject and period",
        ("dataset", "subject", "period_start"),
        _columns(
            "dataset",
            "subject",
            "period_start",
            "source_revisions",
            "code_version",
            "built_at",
            "has_passed",
            "run_id",
            "publishing_run_id",
            "released_at",
        ),
        day_columns=("period_start",),
    ),
    Dataset(
        "verdicts",
        Stage.QUALITY,
        "The verdict of every check on every period of every dataset. A period that is built again has no verdict until it"
        " is checked again. Without a verdict it is not used.",
        "one row per dataset, subject, period and check",
        ("dataset", "subject", "period_start", "check_name"),
        _columns(
            "dataset",
            "subject",
            "period_start",
            "check_name",
            "severity",
            "result",
            "observed",
            "expected",
            "run_id",
            "decided_at",
        ),
        day_columns=("period_start",),
    ),
    Dataset(
        "last_good_periods",
        Stage.QUALITY,
        "The last good rows of periods that were built again and have not passed since. Months still include these rows.",
        "one row per dataset, subject and period",
        ("dataset", "subject", "period_start"),
        _columns("dataset", "subject", "period_start", "good_rows"),
        day_columns=("period_start",),
    ),
    Dataset(
        "alerts_sent",
        Stage.QUALITY,
        "The alerts that were sent, so that each cause is reported once.",
        "one row per cause",
        ("about", "alert_subject", "check_name", "finding_digest"),
        _columns("about", "night", "alert_subject", "check_name", "finding_digest", "sent_at"),
        day_columns=(),
    ),
    Dataset(
        "daily_user_satisfaction",
        Stage.DAILY_METRICS,
        "User satisfaction by day: the five counts, both percentages, and the headline under the method in force.",
        "one row per service, day and source",
        ("service", "report_date", "source"),
        _columns("service", "report_date", "source", *SATISFACTION_FIGURES, *STATE_FLAGS),
        indicator="user-satisfaction",
        dimension=RATING_SOURCE,
    ),
    Dataset(
        "daily_application_events",
        Stage.DAILY_METRICS,
        "Applications that reached each state on the day, whenever they were started, by type of LPA and in total.",
        "one row per service, day and type of LPA",
        ("service", "report_date", "lpa_type"),
        _columns("service", "report_date", "lpa_type", *COMPLETION_FIGURES, *STATE_FLAGS),
        indicator="completion-rate",
        dimension=LPA_TYPE,
        reach_back_days=COHORT_DAYS,
    ),
    Dataset(
        "daily_completion_rate",
        Stage.DAILY_METRICS,
        f"Of the applications started on the day, how many were created and completed within {COHORT_DAYS} days."
        f" Provisional until the {COHORT_DAYS}th day has ended.",
        "one row per service, day of start and type of LPA",
        ("service", "report_date", "lpa_type"),
        _columns("service", "report_date", "lpa_type", *COHORT_FIGURES, "is_provisional"),
        indicator="completion-rate",
        dimension=LPA_TYPE,
        reach_back_days=COHORT_DAYS,
    ),
    Dataset(
        "daily_digital_take_up",
        Stage.DAILY_METRICS,
        "Digital take-up by day of receipt: the channels, their total and the digital share, by type of LPA and in"
        " total.",
        "one row per service, day and type of LPA",
        ("service", "report_date", "lpa_type"),
        _columns("service", "report_date", "lpa_type", *TAKE_UP_FIGURES, *STATE_FLAGS),
        indicator="digital-take-up",
        dimension=LPA_TYPE,
        final_after_days=SIRIUS_REVISION_DAYS,
    ),
    Dataset(
        "monthly_user_satisfaction",
        Stage.MONTHLY_METRICS,
        "User satisfaction by month, summed from the daily counts.",
        "one row per service, month and source",
        ("service", "month_start", "source"),
        _columns("service", "month_start", "source", *SATISFACTION_FIGURES, *MONTH_COUNTS, *STATE_FLAGS),
        day_columns=("month_start",),
        indicator="user-satisfaction",
        dimension=RATING_SOURCE,
    ),
    Dataset(
        "monthly_completion_rate",
        Stage.MONTHLY_METRICS,
        "Completion by month, summed from the daily counts, with the cohort of the month's starts.",
        "one row per service, month and type of LPA",
        ("service", "month_start", "lpa_type"),
        _columns(
            "service", "month_start", "lpa_type", *COMPLETION_FIGURES, *COHORT_FIGURES, *MONTH_COUNTS, *STATE_FLAGS
        ),
        day_columns=("month_start",),
        indicator="completion-rate",
        dimension=LPA_TYPE,
        reach_back_days=COHORT_DAYS,
    ),
    Dataset(
        "monthly_digital_take_up",
        Stage.MONTHLY_METRICS,
        "Digital take-up by month, summed from the daily counts.",
        "one row per service, month and type of LPA",
        ("service", "month_start", "lpa_type"),
        _columns("service", "month_start", "lpa_type", *TAKE_UP_FIGURES, *MONTH_COUNTS, *STATE_FLAGS),
        day_columns=("month_start",),
        indicator="digital-take-up",
        dimension=LPA_TYPE,
    ),
    _published("user-satisfaction", RATING_SOURCE, SATISFACTION_FIGURES),
    _published("completion-rate", LPA_TYPE, (*COMPLETION_FIGURES, *COHORT_FIGURES), COHORT_DAYS),
    _published("digital-take-up", LPA_TYPE, TAKE_UP_FIGURES),
    Dataset(
        "withdrawn_figures",
        Stage.PUBLISHED,
        "Figures that were withdrawn. They are published as not available until they are restored.",
        "one row per subject, indicator and period",
        ("subject", "indicator", "period_start", "period"),
        _columns("subject", "indicator", "period_start", "period", "withdrawal_reason", "withdrawn_at"),
        day_columns=("period_start",),
    ),
    Dataset(
        "revision_log",
        Stage.PUBLISHED,
        "Every change of a published value: before, after, when and why. Rows are never deleted.",
        "one row per changed value",
        ("subject", "indicator", "period_start", "period", "dimension", "figure", "published_at"),
        _columns(
            "subject",
            "indicator",
            "period_start",
            "period",
            "dimension",
            "figure",
            "earlier_value",
            "later_value",
            "earlier_published_at",
            "published_at",
            "revision_cause",
            "revision_reason",
        ),
        day_columns=("period_start",),
    ),
)

FIGURES: dict[IndicatorName, tuple[str, ...]] = {
    "user-satisfaction": SATISFACTION_FIGURES,
    "completion-rate": (*COMPLETION_FIGURES, *COHORT_FIGURES),
    "digital-take-up": TAKE_UP_FIGURES,
}
"""The columns of an indicator that are figures and can be revised."""

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in _ENTRIES}


def datasets_of(stage: Stage) -> dict[str, Dataset]:
    """The datasets of a stage that belong to an indicator, in their order."""
    return {name: dataset for name, dataset in DATASETS.items() if dataset.stage is stage and dataset.indicator}
