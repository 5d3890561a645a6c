"""Whole runs of the job in which a source is down or a table is spoiled: what is published, and what is said."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import dagster as dg
import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.demo.lpa_traps import insert_application, insert_feedback
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.orchestration.running import RangeOutcome, run_range
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline.systems import Systems, silent
from perf_pipeline_tests import extracting

DAY = date(2026, 5, 14)
DAYS = DayRange(DAY, DAY)
NOON = datetime(2026, 5, 14, 12, tzinfo=UTC)
QUICK = RetryBounds(tries_count=2, first_wait_seconds=0.01, longest_wait_seconds=0.02, give_up_after_seconds=5)


@pytest.fixture
def whole_systems(systems: Systems, lpa_database: psycopg2_connection) -> Iterator[Systems]:
    """Systems whose every source has something for the day."""
    with lpa_database.cursor() as cursor:
        insert_feedback(cursor, NOON, "satisfied")
        insert_application(cursor, started_at=NOON, created_at=NOON, lpa_type=None)
    if systems.exports_dir is None:
        raise AssertionError("the fixture has a folder")
    write_export(systems.exports_dir, 7)
    ticks = count()
    with sirius_server(today=date(2026, 6, 15), behaviour=SiriusBehaviour(hiccup_every=0)) as url:
        yield replace(
            systems,
            sirius=SiriusClient(url, bounds=QUICK),
            clock=lambda: datetime(2026, 6, 15, 3, tzinfo=UTC) + timedelta(seconds=next(ticks)),
        )


def write_export(folder: Path, ratings: int) -> None:
    (folder / "a.csv").write_text(
        "creation date,path or service name,feedback,service satisfaction rating,type\n"
        f"{DAY} 00:00:00,/done/{extracting.PAGE},Rating of 5: {ratings},,aggregated-service-feedback\n"
        f"{DAY} 00:00:00,/done/use-lasting-power-of-attorney,Rating of 5: 1,,aggregated-service-feedback\n"
    )


def run(systems: Systems, days: DayRange = DAYS) -> RangeOutcome:
    with dg.DagsterInstance.ephemeral() as instance:
        return run_range(defs, instance, systems, days, silent)


def published(systems: Systems, indicator: str, period: str = "day") -> dict[tuple[date, str], str]:
    """The figures in force of Make an LPA, as JSON, by day and dimension."""
    rows = extracting.query(
        systems.warehouse,
        "SELECT period_start, coalesce(to_jsonb(figures) ->> 'source', to_jsonb(figures) ->> 'lpa_type') AS dimension,"
        f" figures::text AS whole FROM perf.published_{indicator} AS figures"
        " WHERE superseded_at IS NULL AND period = :period AND service = 'make-a-lpa'",
        period=period,
    )
    return {(row.period_start, row.dimension): row.whole for row in rows}


def test_a_source_that_is_down_holds_back_neither_the_others_nor_what_was_published(whole_systems: Systems) -> None:
    assert run(whole_systems).failures == ()
    take_up = published(whole_systems, "digital_take_up")
    folder = whole_systems.exports_dir
    assert folder is not None
    assert len(take_up) == 3
    write_export(folder, 1234)
    outcome = run(replace(whole_systems, sirius=SiriusClient("http://127.0.0.1:1", bounds=QUICK)))
    assert published(whole_systems, "digital_take_up") == take_up
    assert "1234" in published(whole_systems, "user_satisfaction")[DAY, "done-page"]
    (failure,) = outcome.failures
    assert "sirius" in failure
    assert "cannot be reached" in failure


@pytest.mark.parametrize(
    ("period", "table", "spoiling", "check"),
    [
        ("day", "daily_user_satisfaction", "NEW.responses_count := 1000000", "counts_add_up_to_responses"),
        # The row of the month stands on its first day, which is outside of the run's range.
        (
            "month",
            "monthly_user_satisfaction",
            "NEW.days_included_count := 99",
            "days_included_are_no_more_than_expected",
        ),
    ],
)
def test_a_spoiled_table_keeps_what_was_published_unchanged(
    whole_systems: Systems, period: str, table: str, spoiling: str, check: str
) -> None:
    assert run(whole_systems).failures == ()
    before = published(whole_systems, "user_satisfaction", period)
    folder = whole_systems.exports_dir
    assert folder is not None
    write_export(folder, 1234)
    with whole_systems.warehouse.begin() as connection:
        connection.execute(
            text(
                f"CREATE FUNCTION perf.spoil() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {spoiling}; RETURN NEW; END $$".replace(":=", r"\:=")
            )
        )
        connection.execute(
            text(f"CREATE TRIGGER spoil BEFORE INSERT ON perf.{table} FOR EACH ROW EXECUTE FUNCTION perf.spoil()")
        )
    outcome = run(whole_systems)
    assert {(cause.subject, cause.check) for cause in outcome.causes} >= {(f"make-a-lpa, {table}", check)}
    assert before
    assert published(whole_systems, "user_satisfaction", period) == before


def test_a_type_that_becomes_known_later_moves_the_start_in_every_figure_of_its_day(
    whole_systems: Systems, lpa_database: psycopg2_connection
) -> None:
    run(whole_systems)
    with lpa_database.cursor() as cursor:
        cursor.execute(
            """UPDATE applications SET document = '{"type": "health-and-welfare"}', "completedAt" = %s""",
            (datetime(2026, 5, 25, 12, tzinfo=UTC),),
        )
    run(whole_systems, DayRange(date(2026, 5, 25), date(2026, 5, 25)))
    rows = extracting.query(
        whole_systems.warehouse,
        # Published, counts as small as these are suppressed.
        "SELECT lpa_type, started_count, cohort_started_count, created_count FROM perf.daily_application_events"
        " JOIN perf.daily_completion_rate USING (service, report_date, lpa_type) WHERE report_date = :day",
        day=DAY,
    )
    figures = {row.lpa_type: (row.started_count, row.cohort_started_count, row.created_count) for row in rows}
    assert figures == {
        "all": (1, 1, 1),
        "health-and-welfare": (1, 1, 0),
        "property-and-financial": (0, 0, 0),
        "unknown": (0, 0, 1),
    }


def test_loading_the_definitions_does_not_import_great_expectations() -> None:
    loaded = "import sys, perf_pipeline.definitions; print('great_expectations' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "False"
