"""Old rows about single people are dropped, and what was counted from them stays whatever is built again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial

import dagster as dg
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, Row, text

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, months_later, start_of
from perf_pipeline.catalogue.windows import COHORT_DAYS, ROWS_KEPT_MONTHS
from perf_pipeline.daily_metrics.completion_rate import cohorts_of_days
from perf_pipeline.daily_metrics.application_events import states_of_days
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.demo.lpa_traps import insert_application, insert_feedback
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.flow.rebuilding import rebuild_days
from perf_pipeline.extracted.applications.extract import extract_application_states
from perf_pipeline.extracted.attempting import attempt_reading, note_unset
from perf_pipeline.extracted.in_service.extract import extract_in_service_feedback
from perf_pipeline.extracted.retention import ROW_SOURCES, Dropped, drop_old_rows, frozen_days, with_retention
from perf_pipeline.flow.flow_asset import AssetReport
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline_tests import extracting
from perf_pipeline_tests.commands import YESTERDAY, Place
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.extracting import SERVICE
from perf_pipeline_tests.passing import let_pass

DAY = date(2024, 1, 10)
DAYS = DayRange(DAY, DAY + timedelta(days=COHORT_DAYS + 2))
"""The cohorts of the first three days are complete at their end."""
OLD = DayRange(DAY, DAY + 2 * ONE_DAY)
LATER = DAYS.first + 30 * ONE_DAY
NIGHT = start_of(DAYS.last + ONE_DAY) + timedelta(hours=3)
TWO_YEARS_ON = datetime(2026, 8, 1, 3, tzinfo=UTC)
APPLICATIONS, IN_SERVICE = ROW_SOURCES["applications"], ROW_SOURCES["in-service"]


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


@pytest.fixture
def lpa_database_url(emptied_lpa_database_url: str) -> str:
    return emptied_lpa_database_url


def noon(day: date) -> datetime:
    return start_of(day) + timedelta(hours=12)


def read(systems: Systems, days: DayRange = DAYS, at: datetime = NIGHT) -> None:
    """Read both sources as the assets do."""
    url = systems.service_database_urls["PERF_LPA_DATABASE_URL"] or ""
    of_applications = partial(extract_application_states, systems.warehouse, url, b"a key")
    of_ratings = partial(extract_in_service_feedback, systems.warehouse, url)
    assert attempt_reading(systems.warehouse, extracting.attempt("applications", days, at), of_applications)
    assert attempt_reading(systems.warehouse, extracting.attempt("in-service", days, at), of_ratings)


def build(systems: Systems, days: DayRange = DAYS) -> None:
    """Make the daily figures and let them pass; a run has released them."""
    cohorts = partial(cohorts_of_days, last_ended=DAYS.last)
    rebuild_days(systems, "daily_application_events", days, states_of_days, plotted="created_per_started_percent")
    rebuild_days(systems, "daily_completion_rate", days, cohorts, plotted="cohort_completion_percent")
    rebuild_days(systems, "daily_user_satisfaction", days, satisfaction_of_days, plotted="headline_percent")
    execute(systems.warehouse, "UPDATE perf.source_deliveries SET released_at = now()")
    for source in (APPLICATIONS, IN_SERVICE):
        let_pass(systems.warehouse, *source.daily)
        for day in days:
            judge_extract(systems.warehouse, source.extract, day, "passed")


def judge_extract(warehouse: Engine, dataset: str, day: date, result: str) -> None:
    execute(
        warehouse,
        "INSERT INTO perf.verdicts (dataset, service, report_date, check_name, severity, result, run_id, decided_at)"
        " VALUES (:dataset, :service, :day, 'key_is_unique', 'blocking', :result, 'a run', now())"
        " ON CONFLICT (dataset, service, report_date, check_name) DO UPDATE SET result = excluded.result",
        dataset=dataset,
        service=SERVICE,
        day=day,
        result=result,
    )


def execute(warehouse: Engine, statement: str, **values: object) -> None:
    with transaction(warehouse) as connection:
        connection.execute(text(statement), values)


def drop(systems: Systems, source: str = "applications", at: datetime = TWO_YEARS_ON) -> Dropped:
    return drop_old_rows(systems.warehouse, ROW_SOURCES[source], SERVICE, at)


def kept(warehouse: Engine) -> list[tuple[date | None, ...]]:
    """The stamps of the applications that are left, as days."""
    rows = extracting.query(
        warehouse,
        "SELECT started_date, created_date, completed_date FROM perf.extracted_application_states ORDER BY 1, 2, 3",
    )
    return [tuple(row) for row in rows]


def figures(warehouse: Engine) -> list[list[Row[tuple[object, ...]]]]:
    """Every daily row of the tables that are made from rows about people."""
    return [
        extracting.query(warehouse, f"SELECT * FROM perf.{table} ORDER BY service, report_date, 3")
        for table in (*APPLICATIONS.daily, *IN_SERVICE.daily)
    ]


def test_rows_of_old_days_are_dropped_and_those_that_matter_to_a_later_day_stay(
    systems: Systems, cursor: Cursor
) -> None:
    insert_application(cursor, started_at=noon(DAY), created_at=noon(DAY), completed_at=noon(DAY + ONE_DAY))
    insert_application(cursor, started_at=noon(DAY))
    insert_application(cursor, started_at=noon(DAY), created_at=noon(LATER))
    read(systems)
    build(systems)
    assert drop(systems) == Dropped(2, OLD, held_back_by=OLD.last + ONE_DAY)
    assert kept(systems.warehouse) == [(DAY, LATER, None)]
    assert drop(systems) == Dropped(0, OLD, held_back_by=OLD.last + ONE_DAY)


def test_an_application_that_was_stamped_again_stays_or_that_stamp_would_count_one_day(
    systems: Systems, cursor: Cursor
) -> None:
    insert_application(cursor, started_at=noon(DAY), created_at=noon(DAY))
    read(systems)
    cursor.execute('UPDATE applications SET "createdAt" = %s', (noon(LATER),))
    read(systems)
    build(systems)
    assert drop(systems).rows == 0
    assert kept(systems.warehouse) == [(DAY, DAY, None)]


def test_no_row_is_dropped_before_its_time(systems: Systems, cursor: Cursor) -> None:
    insert_application(cursor, started_at=noon(DAY))
    read(systems)
    build(systems)
    day_before = noon(months_later(DAY, ROWS_KEPT_MONTHS))
    assert drop(systems, at=day_before) == Dropped(0, None)
    assert drop(systems, at=day_before + timedelta(days=1)) == Dropped(1, DayRange(DAY, DAY))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE perf.source_deliveries SET outcome = 'failed' WHERE report_date = :day",
        "UPDATE perf.source_deliveries SET released_at = NULL WHERE report_date = :day",
        "UPDATE perf.daily_application_events SET is_provisional = true WHERE report_date = :day",
        "UPDATE perf.daily_completion_rate SET is_provisional = true WHERE report_date = :day",
        "UPDATE perf.verdicts SET result = 'failed' WHERE dataset = 'daily_application_events' AND report_date = :day",
        "DELETE FROM perf.verdicts WHERE dataset = 'extracted_application_states' AND report_date = :day",
        "DELETE FROM perf.source_deliveries WHERE report_date = :day",
    ],
)
def test_a_day_that_may_still_change_keeps_its_rows_and_all_later_ones(
    systems: Systems, cursor: Cursor, statement: str
) -> None:
    for day in OLD:
        insert_application(cursor, started_at=noon(day))
    read(systems)
    build(systems)
    held_back = DAY + ONE_DAY
    execute(systems.warehouse, statement, day=held_back)
    dropped = drop(systems)
    assert (dropped.rows, dropped.frozen) == (1, DayRange(DAY, DAY))
    assert [started for started, *_ in kept(systems.warehouse)] == [held_back, held_back + ONE_DAY]


def test_ratings_of_the_banner_are_dropped_and_counts_of_the_done_page_stay(systems: Systems, cursor: Cursor) -> None:
    insert_feedback(cursor, noon(DAY), "satisfied")
    insert_feedback(cursor, noon(DAYS.last), "satisfied")
    read(systems)
    execute(
        systems.warehouse,
        "INSERT INTO perf.extracted_feedback SELECT service, 'done-page', report_date, 'aggregate', gen_random_uuid(),"
        " received_at, rating, 7, page_path, 'a file', first_seen_at, last_seen_at, superseded_at"
        " FROM perf.extracted_feedback",
    )
    build(systems)
    assert drop(systems, "in-service", TWO_YEARS_ON) == Dropped(2, DAYS)
    left = extracting.query(systems.warehouse, "SELECT source FROM perf.extracted_feedback")
    assert [row.source for row in left] == ["done-page"] * 2


def test_days_whose_rows_were_dropped_keep_their_figures_when_they_are_built_again(
    systems: Systems, cursor: Cursor
) -> None:
    for hour in range(3):
        at = noon(DAY) + timedelta(hours=hour)
        insert_application(cursor, started_at=at, created_at=at, lpa_type="health-and-welfare")
        insert_feedback(cursor, at, "satisfied")
    insert_application(cursor, started_at=noon(DAY), created_at=noon(LATER))
    read(systems)
    build(systems)
    before = figures(systems.warehouse)
    assert (drop(systems).rows, drop(systems, "in-service").rows) == (3, 3)
    build(systems)
    assert figures(systems.warehouse) == before


def test_a_frozen_day_is_not_read_again_whatever_its_source_holds_or_how_it_answers(
    systems: Systems, cursor: Cursor
) -> None:
    insert_application(cursor, started_at=noon(DAY))
    insert_feedback(cursor, noon(DAY), "satisfied")
    read(systems)
    build(systems)
    drop(systems)
    drop(systems, "in-service")
    ledger = extracting.ledger(systems.warehouse, "applications")
    insert_application(cursor, started_at=noon(DAY))
    read(systems, at=TWO_YEARS_ON)
    note_unset(systems.warehouse, extracting.attempt("applications", OLD, TWO_YEARS_ON))
    assert kept(systems.warehouse) == []
    assert extracting.query(systems.warehouse, "SELECT FROM perf.extracted_feedback") == []
    now = extracting.ledger(systems.warehouse, "applications")
    assert [now[day] for day in OLD] == [ledger[day] for day in OLD]
    assert now[OLD.last + ONE_DAY].attempted_at == TWO_YEARS_ON
    left = extracting.query(
        systems.warehouse,
        "SELECT report_date FROM perf.verdicts WHERE dataset = 'extracted_application_states' ORDER BY 1",
    )
    assert [row.report_date for row in left] == list(OLD)


def test_a_later_state_of_a_dropped_application_counts_and_its_old_ones_do_not_count_twice(
    systems: Systems, cursor: Cursor
) -> None:
    insert_application(cursor, started_at=noon(DAY), created_at=noon(DAY))
    read(systems)
    build(systems)
    before = figures(systems.warehouse)[0]
    drop(systems)
    cursor.execute('UPDATE applications SET "completedAt" = %s', (noon(LATER),))
    read(systems)
    build(systems)
    assert kept(systems.warehouse) == [(DAY, DAY, LATER)]
    after = figures(systems.warehouse)[0]
    changed = {row.report_date for row, earlier in zip(after, before, strict=True) if row != earlier}
    assert changed == {LATER}


def test_the_done_page_of_a_frozen_day_can_still_be_counted_otherwise(systems: Systems, cursor: Cursor) -> None:
    insert_feedback(cursor, noon(DAY), "satisfied")
    read(systems)
    build(systems)
    drop(systems, "in-service")
    execute(
        systems.warehouse,
        "INSERT INTO perf.source_deliveries SELECT service, 'done-page', report_date, outcome, failure,"
        " first_delivered_at, delivered_at, attempted_at, is_short, rows_read_count, rows_kept_count,"
        " rows_quarantined_count, rows_duplicate_count, run_id, released_at, complete_up_to"
        " FROM perf.source_deliveries WHERE source_name = 'in-service'",
    )
    build(systems)
    rows = extracting.query(
        systems.warehouse,
        "SELECT source, responses_count FROM perf.daily_user_satisfaction WHERE report_date = :day ORDER BY 1",
        day=DAY,
    )
    assert [tuple(row) for row in rows] == [("done-page", 0), ("in-service", 1)]


def test_a_frozen_day_that_the_daily_table_has_lost_does_not_become_a_day_of_zeros(
    systems: Systems, cursor: Cursor
) -> None:
    insert_application(cursor, started_at=noon(DAY))
    read(systems)
    build(systems)
    drop(systems)
    execute(systems.warehouse, "DELETE FROM perf.daily_application_events WHERE report_date = :day", day=DAY)
    build(systems)
    days = {row.report_date for row in figures(systems.warehouse)[0]}
    assert DAY not in days
    assert DAY + ONE_DAY in days


def break_off(*_: object) -> None:
    raise ConnectionError


def test_a_dropping_that_breaks_off_drops_nothing(
    systems: Systems, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_application(cursor, started_at=noon(DAY))
    read(systems)
    build(systems)
    monkeypatch.setattr("perf_pipeline.extracted.retention._freeze", break_off)
    with pytest.raises(ConnectionError):
        drop(systems)
    assert kept(systems.warehouse) == [(DAY, None, None)]


def test_dagit_is_told_what_was_dropped_and_which_day_holds_back_the_next(systems: Systems, cursor: Cursor) -> None:
    insert_application(cursor, started_at=noon(DAY))
    read(systems)
    build(systems)
    facts = with_retention(AssetReport(), systems, "applications").facts
    assert facts["old_rows_dropped"] == 1
    table = facts["retention"]
    assert isinstance(table, dg.MarkdownMetadataValue)
    assert str(table.value).splitlines()[2] == f"| {SERVICE} | 1 | {OLD} | {OLD.last + ONE_DAY} |"


FIRST = months_later(YESTERDAY + ONE_DAY, -ROWS_KEPT_MONTHS) - 8 * ONE_DAY
BUILT = DayRange(FIRST, FIRST + timedelta(days=COHORT_DAYS + 5))
FROZEN = DayRange(FIRST, FIRST + 5 * ONE_DAY)


@pytest.fixture
def place(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Engine, str]]:
    url, lpa_url = postgres.ensure_database("retention_warehouse"), postgres.ensure_database("retention_lpa")
    warehouse = warehouse_engine(url)
    migrate(warehouse)
    build_lpa_database(lpa_url, BUILT.first, BUILT.last, share=0.01)
    variables = {"PERF_DATABASE_URL": url, "PERF_LPA_DATABASE_URL": lpa_url}
    yield Place(tmp_path_factory.mktemp("retention"), FIRST, variables), warehouse, lpa_url
    warehouse.dispose()


def test_backfilling_days_whose_rows_are_gone_everywhere_changes_no_published_figure(
    place: tuple[Place, Engine, str],
) -> None:
    """By the real command: built, dropped by a later run, deleted in the source, built again."""
    commands, warehouse, lpa_url = place
    rebuilt = ("backfill", "--from", str(BUILT.first), "--to", str(BUILT.last))
    assert commands.run(*rebuilt).returncode == 0
    assert commands.run("backfill", "--from", str(BUILT.last), "--to", str(BUILT.last)).returncode == 0
    with connected(warehouse) as connection:
        assert frozen_days(connection, APPLICATIONS) == {SERVICE: FROZEN}
    rows, published, versions = kept(warehouse), commands.sha256s(), versions_of(warehouse)
    assert rows
    assert all(max(day for day in stamps if day) > FROZEN.last for stamps in rows)
    connection_to_source = connect(lpa_url)
    with connection_to_source, connection_to_source.cursor() as cursor:
        cursor.execute('DELETE FROM applications WHERE "startedAt" < %s', (start_of(FROZEN.last),))
        cursor.execute("DELETE FROM feedback WHERE received < %s", (start_of(FROZEN.last),))
    connection_to_source.close()
    again = commands.run(*rebuilt)
    assert (again.returncode, "Failed" in again.stderr) == (0, False)
    assert commands.sha256s() == published
    assert versions_of(warehouse) == versions
    assert kept(warehouse) == rows


def versions_of(warehouse: Engine) -> list[int]:
    return [
        extracting.query(warehouse, f"SELECT count(*) AS versions FROM perf.published_{name}")[0].versions
        for name in ("user_satisfaction", "completion_rate", "digital_take_up")
    ]
