"""A source that fails: which failures are tried again, what is recorded of them, and the figures of before."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.demo.sirius_behaviour import ErrorAnswer, Fault
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.extracted import attempting
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.source_bounds import SourceBounds
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import SERVICE, Sirius
from perf_pipeline_tests.sirius import dropped, raw
from perf_pipeline_tests.systems import systems_with

DAYS = DayRange(date(2026, 9, 7), date(2026, 9, 8))
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
NEXT_NIGHT = NIGHT + timedelta(days=1)


def systems_at(warehouse: Engine, source: str, address: str, at: datetime = NIGHT) -> Systems:
    """Systems that have one source, for whose answers they wait a second."""
    systems = systems_with(warehouse, Path(), addresses={source: address}, first_day=DAYS.first, clock=lambda: at)
    return replace(systems, source_bounds=SourceBounds(reading_seconds=1))


def read(systems: Systems, source: str) -> frozenset[date]:
    return read_source(systems, systems.services[SERVICE], SOURCES[source], DAYS, "a run")


@contextmanager
def hanging_up() -> Iterator[tuple[str, list[Any]]]:
    """The URL of a server that ends every connection at once, and the connections that it was asked for."""
    callers: list[Any] = []

    class HangingUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            callers.append(self.client_address)

    with socketserver.TCPServer(("127.0.0.1", 0), HangingUp) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        host, port = server.server_address[:2]
        yield f"postgresql+psycopg2://reader@{host!s}:{port}/lpa?sslmode=disable&gssencmode=disable", callers
        server.shutdown()


def test_a_failure_that_may_pass_is_tried_three_times(
    emptied_warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempting, "FIRST_WAIT_SECONDS", 0.01)
    with hanging_up() as (url, callers):
        assert read(systems_at(emptied_warehouse, "applications", url), "applications") == set()
    assert len(callers) == 3
    row = extracting.last_reading(emptied_warehouse, "applications")
    assert (row.outcome, row.owed_from) == ("failed", DAYS.first)
    assert "does not answer" in row.failure


def test_a_refusal_is_not_tried_again(emptied_warehouse: Engine, postgres: EmbeddedPostgres) -> None:
    began = time.monotonic()
    read(systems_at(emptied_warehouse, "applications", postgres.url("nowhere")), "applications")
    assert time.monotonic() - began < attempting.FIRST_WAIT_SECONDS
    assert 'database "nowhere" does not exist' in extracting.last_reading(emptied_warehouse, "applications").failure


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ErrorAnswer(404, "NOTFOUND"), "answered 404"),
        (ErrorAnswer(503, "UNAVAILABLE", "list"), "answered 503"),
        (ErrorAnswer(401, "UNAUTHORISED"), "answered 401"),
        (dropped, "cannot be reached"),
        (raw(b"<html>Sorry</html>"), "Sirius"),
        (raw(b'{"data": [], "meta": {}}', content_type="application/json"), "do not keep the contract"),
    ],
)
def test_a_failure_is_recorded_in_plain_words_and_the_figures_of_before_stay(
    sirius: Sirius, fault: Fault, said: str
) -> None:
    assert read(systems_at(sirius.warehouse, "sirius", sirius.url), "sirius") == {*DAYS}
    counts, ledger = "SELECT * FROM perf.extracted_channel_counts ORDER BY 2, 3", "SELECT * FROM perf.source_deliveries"
    before = [extracting.query(sirius.warehouse, rows) for rows in (counts, ledger)]
    sirius.behaviour.play(fault, times=10)
    assert read(systems_at(sirius.warehouse, "sirius", sirius.url, NEXT_NIGHT), "sirius") == set()
    assert [extracting.query(sirius.warehouse, rows) for rows in (counts, ledger)] == before
    row = extracting.last_reading(sirius.warehouse, "sirius")
    assert (row.outcome, row.succeeded_at, row.attempted_at) == ("failed", NIGHT, NEXT_NIGHT)
    assert said in row.failure
    assert " Next step: " in row.failure
    assert "\n" not in row.failure


@pytest.mark.usefixtures("no_aws")
def test_requests_that_nobody_can_sign_fail_this_source_alone(sirius: Sirius) -> None:
    read(replace(systems_at(sirius.warehouse, "sirius", sirius.url), sirius_auth="sigv4"), "sirius")
    assert "no AWS credentials" in extracting.last_reading(sirius.warehouse, "sirius").failure


def test_a_source_that_is_not_set_is_recorded_as_such_and_read_from_the_first_day_once_it_is(sirius: Sirius) -> None:
    unset = replace(systems_at(sirius.warehouse, "sirius", sirius.url), addresses={})
    assert read(unset, "sirius") == set()
    row = extracting.last_reading(sirius.warehouse, "sirius")
    assert (row.outcome, row.failure, row.owed_from) == ("unset", None, DAYS.first)
    # The stand-in is complete up to the 9th.
    later = systems_at(sirius.warehouse, "sirius", sirius.url)
    assert read_source(later, later.services[SERVICE], SOURCES["sirius"], None, "a run") == {*DAYS, date(2026, 9, 9)}
    assert extracting.last_reading(sirius.warehouse, "sirius").owed_from is None


def test_trouble_with_our_own_warehouse_is_no_failure_of_the_source(warehouse: Engine, sirius_url: str) -> None:
    extracting.execute(warehouse, "DROP TABLE perf.extracted_channel_counts")
    with pytest.raises(ProgrammingError):
        read(systems_at(warehouse, "sirius", sirius_url), "sirius")
    assert extracting.query(warehouse, "SELECT FROM perf.source_readings") == []
