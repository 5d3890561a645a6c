"""A service's database that is away, refuses, lacks something or breaks in the middle: real servers, real sockets."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as psycopg2_connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.errors import PermanentSourceError, SourceError, TransientSourceError
from perf_pipeline.extracted import attempting
from perf_pipeline.extracted.applications.extract import SQL
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.extracted.readers.service_database import reading
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import SERVICE, LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_application
from perf_pipeline_tests.systems import systems_with

DAYS = DayRange(date(2026, 5, 4), date(2026, 5, 5))
NIGHT = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
STAMPS = SQL / "application_stamps.sql"
MANY = 120_000
"""Rows enough to fill every buffer between the two databases several times."""
OURS = "FROM pg_stat_activity WHERE application_name = 'perf_pipeline' AND datname = current_database()"
BUSY = f"{OURS} AND state = 'active' AND query LIKE 'COPY (%'"


@pytest.fixture
def crowded(lpa: LpaDatabase) -> LpaDatabase:
    """A database with more applications on the days than any buffer holds."""
    lpa.cursor.execute(
        'INSERT INTO applications (id, "updatedAt", "startedAt") SELECT n, %s, %s FROM generate_series(1, %s) AS n',
        (NIGHT, datetime(2026, 5, 4, 12, tzinfo=UTC), MANY),
    )
    return lpa


def extract(warehouse: Engine, url: str) -> None:
    extracting.applications(warehouse, url, DAYS, NIGHT)


def rows_written(warehouse: Engine) -> int:
    (row,) = extracting.query(
        warehouse,
        "SELECT (SELECT count(*) FROM perf.extracted_application_states)"
        " + (SELECT count(*) FROM perf.source_deliveries) AS rows",
    )
    return int(row.rows)


def one_line(error: SourceError) -> str:
    assert "\n" not in str(error)
    assert " Next step: " in str(error)
    assert "secret" not in str(error)
    return str(error)


def until_rows(cursor: Cursor, statement: str, *, some: bool = True) -> None:
    """Repeat a statement until it gives some rows, or none; for ten seconds."""
    began = time.monotonic()
    while True:
        cursor.execute(statement)
        if bool(cursor.rowcount) == some:
            return
        assert time.monotonic() - began < 10, statement
        time.sleep(0.005)


@pytest.mark.parametrize("port", ["", ":1"])
def test_a_server_that_is_away_is_a_passing_failure(tmp_path: Path, port: str) -> None:
    where = f"127.0.0.1{port}/lpa" if port else f"/lpa?host={tmp_path}"
    with pytest.raises(TransientSourceError, match="does not answer") as failure:  # noqa: SIM117
        with reading(f"postgresql+psycopg2://reader:secret@{where}"):
            pass
    assert ("127.0.0.1" if port else f"lpa on {tmp_path}") in one_line(failure.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "nobody"}, 'role "nobody" does not exist'),
        ({"username": "no_login"}, 'role "no_login" is not permitted to log in'),
        ({"username": "stranger"}, "permission denied for table applications"),
    ],
)
def test_a_reader_without_rights_is_a_lasting_failure(lpa: LpaDatabase, changes: dict[str, Any], said: str) -> None:
    for role, right in (("no_login", "NOLOGIN"), ("stranger", "LOGIN")):
        lpa.cursor.execute(f"DROP ROLE IF EXISTS {role}")
        lpa.cursor.execute(f"CREATE ROLE {role} {right}")
    with pytest.raises(PermanentSourceError, match=said) as failure:  # noqa: SIM117
        with reading(make_url(lpa.url).set(**changes).render_as_string()) as source:
            list(source.stream(STAMPS, DAYS))
    one_line(failure.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE applications", 'relation "applications" does not exist'),
        ('ALTER TABLE applications DROP COLUMN "createdAt"', 'column "createdAt" does not exist'),
        ("ALTER TABLE applications ALTER COLUMN document TYPE text", "operator does not exist: text ->> unknown"),
        ('ALTER TABLE applications DROP COLUMN "sharedSpaceId"', None),
    ],
)
def test_a_table_without_what_is_read_is_a_lasting_failure_and_writes_nothing(
    emptied_warehouse: Engine, lpa_database: psycopg2_connection, lpa_database_url: str, change: str, said: str | None
) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute(change)
    if said is None:
        extract(emptied_warehouse, lpa_database_url)
    else:
        with pytest.raises(PermanentSourceError, match=said) as failure:
            extract(emptied_warehouse, lpa_database_url)
        one_line(failure.value)
    assert rows_written(emptied_warehouse) == (len(DAYS) if said is None else 0)


@contextmanager
def cut_once(cursor: Cursor) -> Iterator[None]:
    """Let somebody end our session on the source while rows come out of it, once."""
    cutter = threading.Thread(target=until_rows, args=[cursor, f"SELECT pg_terminate_backend(pid) {BUSY}"])
    cutter.start()
    yield
    cutter.join()


def test_a_connection_cut_in_the_middle_writes_nothing(crowded: LpaDatabase) -> None:
    with cut_once(crowded.cursor), pytest.raises(TransientSourceError, match="does not answer: ") as cut:
        extract(crowded.warehouse, crowded.url)
    assert "no message" not in one_line(cut.value)
    assert rows_written(crowded.warehouse) == 0


def test_a_connection_cut_once_is_made_again_and_every_row_arrives(
    crowded: LpaDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempting, "FIRST_WAIT_SECONDS", 0.01)
    systems = systems_with(
        crowded.warehouse, tmp_path, addresses={"applications": crowded.url}, clock=lambda: NIGHT, first_day=DAYS.first
    )
    with cut_once(crowded.cursor):
        assert read_source(systems, systems.services[SERVICE], SOURCES["applications"], None, "a run") == {*DAYS}
    assert rows_written(crowded.warehouse) == MANY + len(DAYS)
    assert extracting.last_reading(crowded.warehouse, "applications").outcome == "read"


def test_the_rows_of_a_source_are_not_read_ahead(crowded: LpaDatabase) -> None:
    with reading(crowded.url) as source:
        rows = source.stream(STAMPS, DAYS)
        next(rows)
        until_rows(crowded.cursor, f"SELECT {BUSY} AND wait_event = 'ClientWrite'")
        assert sum(1 for _ in rows) == MANY - 1


def stop_half_way(url: str) -> None:
    with reading(url) as source:
        next(source.stream(STAMPS, DAYS))
        raise ZeroDivisionError


def test_a_reader_that_stops_half_way_leaves_no_session_and_no_thread(crowded: LpaDatabase) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        stop_half_way(crowded.url)
    assert threading.active_count() == before
    until_rows(crowded.cursor, f"SELECT {OURS}", some=False)


def test_a_warehouse_that_breaks_while_rows_come_leaves_the_source_in_peace(crowded: LpaDatabase) -> None:
    before = threading.active_count()
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'COPY staged%' AND state = 'active'"
    )
    cutter = threading.Thread(target=extracting.wait_for, args=[crowded.warehouse, cut])
    cutter.start()
    with pytest.raises(OperationalError):
        extract(crowded.warehouse, crowded.url)
    cutter.join()
    assert threading.active_count() == before
    assert rows_written(crowded.warehouse) == 0


def test_a_reader_that_is_interrupted_does_not_wait_for_a_server_at_work(
    lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    with lpa_database.cursor() as cursor:
        cursor.execute("ALTER TABLE applications RENAME TO stored")
        cursor.execute("CREATE VIEW applications AS SELECT stored.* FROM pg_sleep(30) LEFT JOIN stored ON true")
    began = time.monotonic()
    earlier = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(TimeoutError), reading(lpa_database_url) as source:
            next(source.stream(STAMPS, DAYS))
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert 0.5 <= time.monotonic() - began < 10


@pytest.mark.parametrize(
    "statement", ["INSERT INTO feedback (received, message) VALUES (now(), '{}')", "CREATE TABLE ours ()"]
)
def test_the_session_can_not_write(lpa: LpaDatabase, statement: str) -> None:
    with (
        reading(lpa.url) as source,
        source._connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        cursor.execute(statement)


def test_one_reading_sees_one_instant_of_the_source(lpa: LpaDatabase) -> None:
    with reading(lpa.url) as source:
        assert list(source.stream(STAMPS, DAYS)) == []
        insert_application(lpa.cursor, started_at=datetime(2026, 5, 4, 12, tzinfo=UTC))
        assert list(source.stream(STAMPS, DAYS)) == []
