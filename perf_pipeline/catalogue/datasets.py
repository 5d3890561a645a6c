"""Every dataset: its table, grain, key and columns. Tables, contracts, descriptions and the dictionary use these entries.

The class is in `dataset`, the ledgers are in `ledgers`.
"""

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS, optional
from perf_pipeline.catalogue.dataset import Dataset as Dataset  # importers get both from here
from perf_pipeline.catalogue.dataset import Stage as Stage
from perf_pipeline.catalogue.dataset import columns_named
from perf_pipeline.catalogue.dimensions import LPA_TYPE, RATING_SOURCE, Dimension
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.ledgers import LEDGERS
from perf_pipeline.catalogue.windows import COHORT_DAYS, SIRIUS_REVISION_DAYS

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
            *columns_named("service", "period_start", "period", dimension.column),
            *(optional(figure) for figure in figures),
            *(optional(name) for name in MONTH_COUNTS),
            *columns_named("origin", "markers", *VERSION_COLUMNS),
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
            *columns_named("service", "source", "report_date", "granularity", "feedback_key", "received_at"),
            *columns_named("rating", "ratings_count", "page_path"),
            optional("file_name"),
            optional("modified_at"),
            *columns_named(*_SEEN, "superseded_at"),
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
        columns_named(
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
        columns_named("service", "report_date", "lpa_type", *TAKE_UP_COUNTS, "is_final", *_SEEN, "superseded_at"),
        indicator="digital-take-up",
    ),
    Dataset(
        "frozen_application_counts",
        Stage.EXTRACTED,
        "Counts of the days whose application rows were dropped after their retention time.",
        "one row per service, day and type of LPA",
        ("service", "report_date", "lpa_type"),
        columns_named("service", "report_date", "lpa_type", *STATE_COUNTS, *COHORT_COUNTS),
        dimension=LPA_TYPE,
    ),
    Dataset(
        "frozen_feedback_counts",
        Stage.EXTRACTED,
        "Counts of the days whose single ratings were dropped after their retention time.",
        "one row per service, source and day",
        ("service", "source", "report_date"),
        columns_named("service", "source", "report_date", *RATING_COUNTS),
        dimension=RATING_SOURCE,
    ),
    Dataset(
        "daily_user_satisfaction",
        Stage.DAILY_METRICS,
        "User satisfaction by day: the five counts, both percentages, and the headline under the method in force.",
        "one row per service, day and source",
        ("service", "report_date", "source"),
        columns_named("service", "report_date", "source", *SATISFACTION_FIGURES, *STATE_FLAGS),
        indicator="user-satisfaction",
        dimension=RATING_SOURCE,
    ),
    Dataset(
        "daily_application_events",
        Stage.DAILY_METRICS,
        "Applications that reached each state on the day, whenever they were started, by type of LPA and in total.",
        "one row per service, day and type of LPA",
        ("service", "report_date", "lpa_type"),
        columns_named("service", "report_date", "lpa_type", *COMPLETION_FIGURES, *STATE_FLAGS),
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
        columns_named("service", "report_date", "lpa_type", *COHORT_FIGURES, "is_provisional"),
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
        columns_named("service", "report_date", "lpa_type", *TAKE_UP_FIGURES, *STATE_FLAGS),
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
        columns_named("service", "month_start", "source", *SATISFACTION_FIGURES, *MONTH_COUNTS, *STATE_FLAGS),
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
        columns_named(
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
        columns_named("service", "month_start", "lpa_type", *TAKE_UP_FIGURES, *MONTH_COUNTS, *STATE_FLAGS),
        day_columns=("month_start",),
        indicator="digital-take-up",
        dimension=LPA_TYPE,
    ),
    _published("user-satisfaction", RATING_SOURCE, SATISFACTION_FIGURES),
    _published("completion-rate", LPA_TYPE, (*COMPLETION_FIGURES, *COHORT_FIGURES), COHORT_DAYS),
    _published("digital-take-up", LPA_TYPE, TAKE_UP_FIGURES),
)

FIGURES: dict[IndicatorName, tuple[str, ...]] = {
    "user-satisfaction": SATISFACTION_FIGURES,
    "completion-rate": (*COMPLETION_FIGURES, *COHORT_FIGURES),
    "digital-take-up": TAKE_UP_FIGURES,
}
"""The columns of an indicator that are figures and can be revised."""

_STAGES = list(Stage)
DATASETS: dict[str, Dataset] = {
    dataset.name: dataset for dataset in sorted((*_ENTRIES, *LEDGERS), key=lambda dataset: _STAGES.index(dataset.stage))
}
"""In the order of the stages."""


def datasets_of(stage: Stage) -> dict[str, Dataset]:
    """The datasets of a stage that belong to an indicator, in their order."""
    return {name: dataset for name, dataset in DATASETS.items() if dataset.stage is stage and dataset.indicator}
