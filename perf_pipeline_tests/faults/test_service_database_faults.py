"""A service's database that is away, refuses, lacks something or breaks in the middle: real servers, real sockets."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType

import psycopg2
import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.errors import PermanentSourceError, SourceError, TransientSourceError
from perf_pipeline.extracted.attempting import attempt_reading
from perf_pipeline.extracted.readers.service_database import reading
from perf_pipeline_tests import extracting

DAYS = DayRange(date(2026, 5, 4), date(2026, 5, 5))
NIGHT = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
MANY = 120_000
"""Rows enough to fill every buffer between the two databases several times."""
OURS = "application_name = 'perf_pipeline' AND datname = current_database()"
BUSY = "state = 'active' AND query LIKE 'COPY (%'"


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


@pytest.fixture
def crowded(lpa_database: psycopg2_connection) -> psycopg2_connection:
    """A database with more applications on the days than any buffer holds."""
    with lpa_database.cursor() as cursor:
        cursor.execute(
            'INSERT INTO applications (id, "updatedAt", "startedAt") SELECT n, %s, %s FROM generate_series(1, %s) AS n',
            (NIGHT, datetime(2026, 5, 4, 12, tzinfo=UTC), MANY),
        )
    return lpa_database


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
    return str(error)


def test_a_server_that_is_away_is_a_passing_failure(tmp_path: Path) -> None:
    url = f"postgresql+psycopg2://reader:secret@/lpa?host={tmp_path}"
    with pytest.raises(TransientSourceError, match="does not answer") as failure, reading(url):
        pass
    assert f"lpa on {tmp_path}" in one_line(failure.value)
    assert "secret" not in str(failure.value)


def test_a_port_that_nobody_listens_on_is_a_passing_failure() -> None:
    with pytest.raises(TransientSourceError, match="Connection refused") as failure:  # noqa: SIM117
        with reading("postgresql+psycopg2://reader:secret@127.0.0.1:1/lpa"):
            pass
    assert "secret" not in one_line(failure.value)


@pytest.mark.parametrize(
    ("user", "database", "said"),
    [
        ("postgres", "nowhere", 'database "nowhere" does not exist'),
        ("nobody", "postgres", 'role "nobody" does not exist'),
        ("no_login", "postgres", 'role "no_login" is not permitted to log in'),
    ],
)
def test_a_refused_login_is_a_lasting_failure(
    postgres: EmbeddedPostgres, lpa_database: psycopg2_connection, user: str, database: str, said: str
) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS no_login")
        cursor.execute("CREATE ROLE no_login NOLOGIN")
    url = make_url(postgres.url(database)).set(username=user).render_as_string()
    with pytest.raises(PermanentSourceError, match=said) as failure, reading(url):
        pass
    one_line(failure.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE applications", 'relation "applications" does not exist'),
        ('ALTER TABLE applications DROP COLUMN "createdAt"', 'column "createdAt" does not exist'),
        ("ALTER TABLE applications ALTER COLUMN document TYPE text", "operator does not exist: text ->> unknown"),
    ],
)
def test_a_table_that_is_not_as_expected_is_a_lasting_failure_and_writes_nothing(
    warehouse: Engine, lpa_database: psycopg2_connection, lpa_database_url: str, change: str, said: str
) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute(change)
    with pytest.raises(PermanentSourceError, match=said) as failure:
        extract(warehouse, lpa_database_url)
    one_line(failure.value)
    assert rows_written(warehouse) == 0


def test_a_database_without_the_newest_column_is_read(
    warehouse: Engine, lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute('ALTER TABLE applications DROP COLUMN "sharedSpaceId"')
    extract(warehouse, lpa_database_url)
    assert rows_written(warehouse) == len(DAYS)


def test_a_reader_without_rights_on_the_table_is_a_lasting_failure(
    lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS stranger")
        cursor.execute("CREATE ROLE stranger LOGIN")
    url = make_url(lpa_database_url).set(username="stranger").render_as_string()
    with pytest.raises(PermanentSourceError, match="permission denied for table applications"), reading(url) as source:
        list(source.stream("application_stamps", DAYS))


@contextmanager
def cut_once(database: psycopg2_connection) -> Iterator[None]:
    """Let somebody end our session on the source while rows come out of it, once."""
    cuts: list[int] = []

    def cut() -> None:
        with database.cursor() as cursor:
            for _ in range(1000):
                cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS} AND {BUSY}")
                if cursor.rowcount:
                    cuts.append(cursor.rowcount)
                    return
                time.sleep(0.005)

    cutter = threading.Thread(target=cut)
    cutter.start()
    yield
    cutter.join()
    assert cuts == [1]


def test_a_connection_cut_in_the_middle_writes_nothing(
    warehouse: Engine, crowded: psycopg2_connection, lpa_database_url: str
) -> None:
    with (
        cut_once(crowded),
        pytest.raises(TransientSourceError, match="does not answer: ") as cut,
    ):
        extract(warehouse, lpa_database_url)
    assert "no message" not in one_line(cut.value)
    assert rows_written(warehouse) == 0


def test_a_connection_cut_once_is_made_again_and_every_row_arrives(
    warehouse: Engine, crowded: psycopg2_connection, lpa_database_url: str
) -> None:
    attempt = extracting.attempt("applications", DAYS, NIGHT)
    with cut_once(crowded):
        assert attempt_reading(
            warehouse, attempt, lambda _: extract(warehouse, lpa_database_url), first_wait_seconds=0.01
        )
    assert rows_written(warehouse) == MANY + len(DAYS)


def test_the_rows_of_a_source_are_not_read_ahead(crowded: psycopg2_connection, lpa_database_url: str) -> None:
    with reading(lpa_database_url) as source:
        rows = source.stream("application_stamps", DAYS)
        next(rows)
        with crowded.cursor() as cursor:
            for _ in range(100):
                cursor.execute(f"SELECT wait_event FROM pg_stat_activity WHERE {OURS} AND {BUSY}")
                if cursor.fetchall() == [("ClientWrite",)]:
                    break
                time.sleep(0.02)
            else:
                raise AssertionError("the server sent every row though nobody took them")
        assert sum(1 for _ in rows) == MANY - 1


def stop_half_way(url: str) -> None:
    with reading(url) as source:
        next(source.stream("application_stamps", DAYS))
        raise ZeroDivisionError


def test_a_reader_that_stops_half_way_leaves_no_session_and_no_thread(
    crowded: psycopg2_connection, lpa_database_url: str
) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        stop_half_way(lpa_database_url)
    assert threading.active_count() == before
    with crowded.cursor() as cursor:
        for _ in range(100):
            cursor.execute(f"SELECT FROM pg_stat_activity WHERE {OURS}")
            if not cursor.rowcount:
                break
            time.sleep(0.02)
        else:
            raise AssertionError("our session is still there")


@pytest.mark.usefixtures("crowded")
def test_a_warehouse_that_breaks_while_rows_come_leaves_the_source_in_peace(
    warehouse: Engine, lpa_database_url: str
) -> None:
    before = threading.active_count()

    def cut() -> None:
        for _ in range(1000):
            if extracting.query(
                warehouse,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'COPY staged%' AND state = 'active'",
            ):
                return
            time.sleep(0.005)

    cutter = threading.Thread(target=cut)
    cutter.start()
    with pytest.raises(OperationalError):
        extract(warehouse, lpa_database_url)
    cutter.join()
    assert threading.active_count() == before
    assert rows_written(warehouse) == 0


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
            next(source.stream("application_stamps", DAYS))
    finally:
        signal.signal(signal.SIGALRM, earlier)
    assert 0.5 <= time.monotonic() - began < 10


@pytest.mark.parametrize(
    "statement", ["INSERT INTO feedback (received, message) VALUES (now(), '{}')", "CREATE TABLE ours ()"]
)
def test_the_session_can_not_write(lpa_database_url: str, statement: str) -> None:
    with (
        reading(lpa_database_url) as source,
        source._connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        cursor.execute(statement)


def test_one_reading_sees_one_instant_of_the_source(lpa_database: psycopg2_connection, lpa_database_url: str) -> None:
    with reading(lpa_database_url) as source:
        assert list(source.stream("application_stamps", DAYS)) == []
        with lpa_database.cursor() as cursor:
            cursor.execute(
                'INSERT INTO applications (id, "updatedAt", "startedAt") VALUES (1, %s, %s)',
                (NIGHT, datetime(2026, 5, 4, 12, tzinfo=UTC)),
            )
        assert list(source.stream("application_stamps", DAYS)) == []
