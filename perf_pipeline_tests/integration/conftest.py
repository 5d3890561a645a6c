"""Shared parts of the integration tests: published figures without the pipeline that makes them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from psycopg2.extensions import connection as psycopg2_connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, insert

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.systems import MORNING, systems_with

_DEFAULTS: dict[str, dict[str, object]] = {
    "published_user_satisfaction": {
        "source": "done-page",
        **dict(zip(RATING_COUNTS, (8731, 4593, 1098, 211, 262), strict=True)),
        "responses_count": 14895,
        "satisfied_percent": "89.45",
        "satisfaction_score_percent": "85.78",
        "headline_percent": 89,
        "headline_method": "top_two_box",
    },
    "published_completion_rate": {
        "lpa_type": "all",
        "started_count": 12,
        "created_count": 9,
        "completed_count": 8,
        "created_same_day_count": 3,
        "created_per_started_percent": "75.00",
        "cohort_started_count": 12,
        "cohort_created_count": 7,
        "cohort_completed_count": 6,
        "cohort_completion_percent": "58.33",
    },
    "published_digital_take_up": {
        "lpa_type": "all",
        **dict(zip(CHANNEL_COUNTS, (400, 9, 580, 1, 2, 8), strict=True)),
        "total_count": 1000,
        "digital_take_up_percent": "40.90",
    },
}
_MONTH = {"days_included_count": 30, "days_expected_count": 30}

PutFigure = Callable[..., None]


@pytest.fixture
def cursor(lpa_database: psycopg2_connection) -> Cursor:
    """Where a test plants rows in its Make an LPA database; each statement commits."""
    return lpa_database.cursor()


@pytest.fixture
def put_figure(emptied_warehouse: Engine) -> PutFigure:
    """Put a figure into a published table: that of April 2026 unless told otherwise."""

    def put(table: str, **changes: object) -> None:
        row: dict[str, object] = {
            "service": "make-a-lpa",
            "period_start": date(2026, 4, 1),
            "period": "month",
            "origin": "computed",
            "markers": "",
            "published_at": datetime(2026, 6, 1, tzinfo=UTC),
            "run_id": "a run",
            **_DEFAULTS[table],
            **(_MONTH if changes.get("period", "month") == "month" else {}),
            **changes,
        }
        with transaction(emptied_warehouse) as connection:
            connection.execute(insert(TABLES[table]), row)

    return put


@pytest.fixture
def publishing(emptied_warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems that publish what the warehouse holds: no source is opened, and each look at the clock is a second later."""
    ticks = count()
    return systems_with(
        emptied_warehouse,
        tmp_path,
        addresses=dict.fromkeys(SOURCES, "set"),
        clock=lambda: MORNING + timedelta(seconds=next(ticks)),
    )
