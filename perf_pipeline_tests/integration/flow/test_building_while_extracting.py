"""A build that an extraction overtakes never records rows as seen that it did not see."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.application_events import daily_application_events, states_of_days
from perf_pipeline.flow.flow_asset import AssetReport, FlowAsset
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_application
from perf_pipeline_tests.published_days import publish
from perf_pipeline_tests.systems import of_make_an_lpa, systems_with

DAY = date(2026, 5, 4)
DAYS = DayRange(DAY, DAY)
NIGHT = datetime(2026, 5, 5, 2, 30, tzinfo=UTC)


def started_and_revisions(lpa: LpaDatabase) -> tuple[int, int, int]:
    """Applications counted, and the revision that they were built from, beside the one that is held now."""
    (row,) = extracting.query(
        lpa.warehouse,
        "SELECT made.started_count, (built.source_revisions ->> 'applications')::integer AS built, revision_count"
        " FROM perf.daily_application_events AS made JOIN perf.built_periods AS built ON made.report_date = period_start"
        " JOIN perf.source_deliveries AS held USING (period_start)"
        " WHERE made.lpa_type = 'all' AND period_start = :day AND built.dataset = 'daily_application_events'",
        day=DAY,
    )
    return row.started_count, row.built, row.revision_count


@pytest.mark.parametrize(("is_before", "counted"), [(True, 2), (False, 1)])
def test_a_day_that_changes_while_it_is_built_is_left_to_be_built_again(
    lpa: LpaDatabase, tmp_path: Path, is_before: bool, counted: int
) -> None:
    """The extraction commits right before, or right after, the build reads the rows."""

    def extract(at: datetime) -> None:
        insert_application(lpa.cursor, started_at=datetime(2026, 5, 4, 12, tzinfo=UTC))
        extracting.applications(lpa.warehouse, lpa.url, DAYS, at)

    def rows_of(connection: Connection, days: DayRange) -> pd.DataFrame:
        if is_before:
            extract(NIGHT + timedelta(minutes=1))
        rows = states_of_days(connection, days)
        if not is_before:
            extract(NIGHT + timedelta(minutes=1))
        return rows

    def overtaken(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
        name = "daily_application_events"
        return rebuild_days(context, systems, name, rows_of)

    systems = systems_with(lpa.warehouse, tmp_path, addresses=of_make_an_lpa(lpa.url))
    extract(NIGHT)
    publish(systems, [FlowAsset("overtaken", DATASETS["daily_application_events"], (), overtaken)], DAYS)
    assert started_and_revisions(lpa) == (counted, 1, 2)
    publish(systems, [daily_application_events], DAYS)
    assert started_and_revisions(lpa) == (2, 2, 2)
