"""July and August 2025 of two services, with which nothing is wrong: every day like the other."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import Connection

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS, Stage, datasets_of
from perf_pipeline.catalogue.dimensions import RATING_SOURCE
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.warehouse.tables import TABLES

SPOILED, OTHER = "make-a-lpa", "use-an-lpa"
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
FILLED = DayRange(JULY, date(2025, 8, 31))

RATINGS = (18, 9, 4, 2, 3)
SATISFACTION: dict[str, object] = {
    **dict(zip(RATING_COUNTS, RATINGS, strict=True)),
    "responses_count": 36,
    "satisfied_percent": 75,
    "satisfaction_score_percent": 75.69,
    "headline_percent": 75,
    "headline_method": "top_two_box",
}
STATES = dict(zip(STATE_COUNTS, (6, 6, 4, 2), strict=True))
COHORT = dict(zip(COHORT_COUNTS, (6, 3, 2), strict=True))
CHANNELS = {**dict(zip(CHANNEL_COUNTS, (6, 3, 2, 1, 0, 0), strict=True)), "total_count": 12}
PERCENTS = {"created_per_started_percent": 100, "cohort_completion_percent": 50, "digital_take_up_percent": 75}
APPLICATION_TYPES = {"health-and-welfare": 2, "property-and-financial": 3, "unknown": 1, "all": 6}
"""How many times the counts above there are of each type."""
CHANNEL_TYPES = {"health-and-welfare": 1, "property-and-financial": 2, "all": 3}
DELIVERY_COUNTS = ("rows_read_count", "rows_kept_count", "rows_quarantined_count", "rows_duplicate_count")
_SEEN = ["first_seen_at", "last_seen_at", "changed_at", "first_delivered_at", "delivered_at", "decided_at", "built_at"]
FLAGS = {"is_provisional": False, "is_estimated": False}

Values = dict[str, object]

FULL = (*CHECKED, "source_deliveries", "built_periods", "verdicts")
"""The tables that have good rows."""


def fill(connection: Connection, name: str) -> None:
    """Put the good rows into an empty table."""
    columns = [column.name for column in TABLES[name].columns]
    rows = [row for service in (SPOILED, OTHER) for row in _rows(name, service)]
    connection.execute(TABLES[name].insert(), [{column: row.get(column) for column in columns} for row in rows])


def _rows(name: str, service: str) -> Iterator[Values]:
    if name.startswith("monthly_"):
        for first in (JULY, AUGUST):
            month = {"service": service, "month_start": first, "days_included_count": 31, "days_expected_count": 31}
            yield from ({**month, **row} for row in _figures(name, 31))
        return
    for day in FILLED:
        seen = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=26)
        common: Values = {"service": service, "report_date": day, "subject": service, "period_start": day}
        common |= dict.fromkeys(_SEEN, seen) | {"run_id": "an earlier run"}
        rows = _ROWS.get(name)
        yield from ({**common, **row} for row in (rows(service, day) if rows else _figures(name, 1)))


def _figures(name: str, days: int) -> Iterator[Values]:
    """The rows of one day, or of a month of so many equal days."""
    if name.endswith("user_satisfaction"):
        for source in RATING_SOURCE.values:
            counts = {key: SATISFACTION[key] for key in SATISFACTION if key.endswith("_count")}
            scaled = {key: int(str(count)) * days for key, count in counts.items()}
            yield {"source": source, **SATISFACTION, **scaled, **FLAGS}
        return
    types = CHANNEL_TYPES if name.endswith("take_up") else APPLICATION_TYPES
    for lpa_type, share in types.items():
        counted = {key: count * share * days for key, count in (STATES | COHORT | CHANNELS).items()}
        yield {"lpa_type": lpa_type, **counted, **PERCENTS, **FLAGS}


def _deliveries(_service: str, _day: date) -> Iterator[Values]:
    counts = dict(zip(DELIVERY_COUNTS, (10, 8, 1, 1), strict=True))
    for source in SOURCES:
        yield {"source_name": source, "revision_count": 1, "change": "delivered", "is_short": False, **counts}


def _verdicts(_service: str, _day: date) -> Iterator[Values]:
    for dataset in datasets_of(Stage.EXTRACTED):
        yield {"dataset": dataset, "check_name": CONTRACT_CHECK, "severity": "blocking", "result": "passed"}


def _built(_service: str, _day: date) -> Iterator[Values]:
    for dataset in datasets_of(Stage.DAILY_METRICS):
        yield {"dataset": dataset, "source_revisions": {}, "code_version": "a version", "has_passed": True}


def _feedback(service: str, day: date) -> Iterator[Values]:
    for rating, count in zip((5, 4, 3, 2, 1), RATINGS, strict=True):
        yield {
            "source": "done-page",
            "granularity": "aggregate",
            "feedback_key": uuid5(NAMESPACE_DNS, f"{service} {day} {rating}"),
            "received_at": datetime(day.year, day.month, day.day, tzinfo=UTC),
            "rating": rating,
            "ratings_count": count,
            "file_name": "export.csv",
        }
    yield {
        "source": "in-service",
        "granularity": "response",
        "feedback_key": uuid5(NAMESPACE_DNS, f"{service} {day}"),
        "received_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "rating": 4,
        "ratings_count": 1,
    }


def _applications(service: str, day: date) -> Iterator[Values]:
    for number in range(4):
        row: Values = {"application_hash": uuid5(NAMESPACE_DNS, f"{service} {day} {number}")}
        for hour, state in enumerate(("started", "created", "completed"), start=9):
            row[f"{state}_at"] = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            row |= {f"{state}_date": day, f"{state}_lpa_type": "unknown"}
        yield row


def _channel_counts(_service: str, _day: date) -> Iterator[Values]:
    for lpa_type in ("health-and-welfare", "property-and-financial"):
        yield {"lpa_type": lpa_type, **CHANNELS, "is_final": True}


_ROWS: dict[str, Callable[[str, date], Iterator[Values]]] = {
    "source_deliveries": _deliveries,
    "built_periods": _built,
    "verdicts": _verdicts,
    "extracted_feedback": _feedback,
    "extracted_application_states": _applications,
    "extracted_channel_counts": _channel_counts,
}
