"""Sources that are endless, huge, compressed, locked or guarded: each is a failed source within its bounds, in one line."""

import gzip
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import repeat
from pathlib import Path

import pytest
from flask import Response
from psycopg2.extensions import connection as psycopg2_connection
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.errors import PermanentSourceError, TransientSourceError
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline.source_bounds import Deadline, SourceBounds
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.lpa_rows import insert_application, insert_feedback
from perf_pipeline_tests.sirius import raw
from perf_pipeline_tests.systems import of_make_an_lpa, systems_with

DAYS = DayRange(date(2026, 5, 4), date(2026, 5, 5))
NIGHT = datetime(2026, 5, 6, 3, tzinfo=UTC)
NOON = datetime(2026, 5, 4, 11, tzinfo=UTC)
ONCE = RetryBounds(tries_count=1)


def asked(url: str, deadline: Deadline | None = None) -> None:
    SiriusClient(url, bounds=ONCE, deadline=deadline).channel_counts(DAYS.first, DAYS.last)


def test_an_answer_that_trickles_ends_with_the_time_of_the_reading(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    """Never silent for long, and never done: each byte alone would pass a timeout."""

    def trickle() -> Iterator[bytes]:
        while True:
            yield b" "
            time.sleep(0.05)

    behaviour.play(lambda: Response(trickle()))
    with pytest.raises(TransientSourceError, match="took more than 0 s"):
        asked(sirius_url, Deadline(0.3))


def test_an_endless_answer_is_given_up(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.play(lambda: Response(repeat(b" " * 2**16)))
    with pytest.raises(PermanentSourceError, match="answered with more than 8 MB"):
        asked(sirius_url)


def test_a_compressed_answer_is_refused_and_memory_stays_flat(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    bomb = gzip.compress(b"0" * 2**26)
    behaviour.play(raw(bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    with pytest.raises(PermanentSourceError, match="compressed its answer"):
        asked(sirius_url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_a_total_that_can_not_be_is_refused_at_once(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    meta = (
        b'"from":"2026-05-04","to":"2026-05-05","basis":"receiptDate","timezone":"Europe/London","version":"1.0.0",'
        b'"generatedAt":"2026-05-06T04:00:11Z","dataCompleteUpTo":"2026-05-05","page":1,"limit":100,"total":1000000000000'
    )
    behaviour.play(raw(b'{"data":[],"meta":{' + meta + b"}}"))
    with pytest.raises(PermanentSourceError, match="says that it has 1,000,000,000,000 rows"):
        asked(sirius_url)
    assert len(behaviour.received) == 1


@pytest.fixture
def lpa_systems(emptied_warehouse: Engine, emptied_lpa_database_url: str, tmp_path: Path) -> Systems:
    """Systems with a Make an LPA database, asked on the morning of NIGHT about the two days of DAYS."""
    addresses = of_make_an_lpa(emptied_lpa_database_url)
    return systems_with(emptied_warehouse, tmp_path, addresses=addresses, first_day=DAYS.first, clock=lambda: NIGHT)


def night(systems: Systems, source: str) -> frozenset[date]:
    return read_source(systems, systems.services["make-a-lpa"], SOURCES[source], None, "a run")


def failure_of(systems: Systems, source: str) -> str:
    failure = str(extracting.last_reading(systems.warehouse, source).failure)
    assert "\n" not in failure
    assert " Next step: " in failure
    return failure


@pytest.fixture
def own_lpa(lpa_database_url: str, lpa_systems: Systems) -> Systems:
    """The same with a database of the test's own, which it may change beyond its rows."""
    return replace(
        lpa_systems,
        addresses={("make-a-lpa", source): url for source, url in of_make_an_lpa(lpa_database_url).items()},
    )


def give_instead(cursor: Cursor, table: str, query: str) -> None:
    """Let the source answer with a query of its table, which is called `held` then."""
    cursor.execute(f"ALTER TABLE {table} RENAME TO held")
    cursor.execute(f"CREATE VIEW {table} AS {query}")


def test_a_locked_table_is_a_failed_source_after_the_bound(own_lpa: Systems, lpa_database: psycopg2_connection) -> None:
    lpa_database.autocommit = False
    lpa_database.cursor().execute("LOCK TABLE applications IN ACCESS EXCLUSIVE MODE")
    bounds = SourceBounds(lock_seconds=0.2, reading_seconds=5)
    assert night(replace(own_lpa, source_bounds=bounds), "applications") == frozenset()
    assert "lock timeout" in failure_of(own_lpa, "applications")


def test_a_slow_statement_is_ended(own_lpa: Systems, lpa_database: psycopg2_connection) -> None:
    cursor = lpa_database.cursor()
    insert_application(cursor, started_at=NOON)
    give_instead(cursor, "applications", "SELECT held.* FROM held, pg_sleep(30)")
    bounds = SourceBounds(statement_seconds=0.2, reading_seconds=5)
    night(replace(own_lpa, source_bounds=bounds), "applications")
    assert "statement timeout" in failure_of(own_lpa, "applications")


def test_rows_that_come_too_slowly_end_with_the_time_of_the_reading(
    own_lpa: Systems, lpa_database: psycopg2_connection
) -> None:
    cursor = lpa_database.cursor()
    insert_application(cursor, started_at=NOON)
    give_instead(cursor, "applications", "SELECT held.* FROM held, pg_sleep(30)")
    night(replace(own_lpa, source_bounds=SourceBounds(reading_seconds=0.3)), "applications")
    assert "did not give all rows within 0 s" in failure_of(own_lpa, "applications")


def test_row_level_security_is_a_refusal_and_its_days_are_read_once_it_is_put_right(
    own_lpa: Systems, lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    cursor = lpa_database.cursor()
    insert_application(cursor, started_at=NOON)
    role = f"reader_of_{make_url(lpa_database_url).database}"
    cursor.execute(f"CREATE ROLE {role} LOGIN")
    cursor.execute(f"GRANT SELECT ON applications TO {role}")
    cursor.execute("ALTER TABLE applications ENABLE ROW LEVEL SECURITY")
    url = make_url(lpa_database_url).set(username=role).render_as_string(hide_password=False)
    guarded = replace(own_lpa, addresses={("make-a-lpa", "applications"): url})
    try:
        assert night(guarded, "applications") == frozenset()
        assert "row-level security" in failure_of(guarded, "applications")
        assert extracting.last_reading(guarded.warehouse, "applications").owed_from == DAYS.first
        # A hundred days later the window no longer reaches back to the days that were refused.
        later = replace(guarded, clock=lambda: datetime(2026, 9, 6, 3, tzinfo=UTC))
        cursor.execute("ALTER TABLE applications DISABLE ROW LEVEL SECURITY")
        assert date(2026, 5, 4) in night(later, "applications")
        assert extracting.ledger(later.warehouse, "applications")[date(2026, 5, 4)].rows_kept_count == 1
    finally:
        cursor.execute(f"DROP OWNED BY {role}")
        cursor.execute(f"DROP ROLE {role}")


SPOILED_VIEWS = {
    "an id twice": ("SELECT * FROM held UNION ALL SELECT * FROM held", "an id occurs more than once"),
    "an id that is no number": (
        'SELECT \'A\' || id AS id, "startedAt", "createdAt", "completedAt", document FROM held',
        "an id that is no number, in row 1",
    ),
    "a text for an instant": (
        'SELECT id, "startedAt", \'soon\'::text AS "createdAt", "completedAt", document FROM held',
        "refused",
    ),
}


@pytest.mark.parametrize("case", SPOILED_VIEWS)
def test_rows_that_can_not_be_used_are_the_source_s_fault_and_hold_back_nothing_else(
    own_lpa: Systems, lpa_database: psycopg2_connection, case: str
) -> None:
    cursor = lpa_database.cursor()
    insert_application(cursor, started_at=NOON)
    insert_feedback(cursor, received=NOON, rating="satisfied")
    view, fault = SPOILED_VIEWS[case]
    give_instead(cursor, "applications", view)
    assert night(own_lpa, "applications") == frozenset()
    failure = failure_of(own_lpa, "applications")
    assert fault in failure
    assert "warehouse" not in failure
    assert night(own_lpa, "in-service") == set(DAYS)


def test_texts_in_place_of_ratings_instants_name_row_and_column(
    own_lpa: Systems, lpa_database: psycopg2_connection
) -> None:
    cursor = lpa_database.cursor()
    insert_feedback(cursor, received=NOON, rating="satisfied")
    give_instead(cursor, "feedback", "SELECT NULL::integer AS id, received, message FROM held")
    night(own_lpa, "in-service")
    assert "make-a-lpa, in-service can't be used" in failure_of(own_lpa, "in-service")


IMPOSSIBLE: dict[str, dict[str, datetime]] = {
    "instant_before_the_service": {"started_at": datetime(1999, 1, 1, tzinfo=UTC), "created_at": NOON},
    "instant_in_the_future": {"started_at": NOON, "created_at": datetime(2031, 1, 1, tzinfo=UTC)},
    "instant_before_the_start": {"started_at": NOON, "created_at": datetime(2026, 4, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("reason", IMPOSSIBLE)
def test_an_impossible_instant_is_quarantined_and_counted(
    lpa_systems: Systems, emptied_lpa_database_url: str, reason: str
) -> None:
    connection = connect(emptied_lpa_database_url)
    with connection, connection.cursor() as cursor:
        insert_application(cursor, **IMPOSSIBLE[reason])  # type: ignore[arg-type]
        insert_application(cursor, started_at=NOON)
    connection.close()
    night(lpa_systems, "applications")
    assert list(extracting.quarantine(lpa_systems.warehouse).values()) == [reason]
    day = extracting.ledger(lpa_systems.warehouse, "applications")[date(2026, 5, 4)]
    assert (day.rows_read_count, day.rows_kept_count, day.rows_quarantined_count) == (2, 1, 1)


@pytest.mark.parametrize("instant", ["infinity", "-infinity"])
def test_an_infinite_instant_is_quarantined(own_lpa: Systems, lpa_database: psycopg2_connection, instant: str) -> None:
    cursor = lpa_database.cursor()
    insert_application(cursor, started_at=NOON)
    cursor.execute('UPDATE applications SET "createdAt" = %s', (instant,))
    night(own_lpa, "applications")
    assert len(extracting.quarantine(own_lpa.warehouse)) == 1
    cursor.execute('UPDATE applications SET "createdAt" = NULL')
    assert night(own_lpa, "applications") == {date(2026, 5, 4)}
    assert extracting.quarantine(own_lpa.warehouse) == {}
