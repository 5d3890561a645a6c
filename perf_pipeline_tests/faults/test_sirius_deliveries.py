"""What is left in the warehouse when Sirius does not deliver: a plain reason, and the figures of before."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.sirius_behaviour import DroppedConnection, ErrorAnswer, Fault, RawAnswer, SiriusBehaviour
from perf_pipeline.extracted.attempting import attempt_reading
from perf_pipeline.extracted.sirius.extract import extract_channel_counts
from perf_pipeline.extracted.deliveries import Attempt
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline_tests import extracting

DAYS = DayRange(date(2026, 9, 7), date(2026, 9, 8))
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
NEXT_NIGHT = NIGHT + timedelta(days=1)
QUICK = RetryBounds(tries_count=3, first_wait_seconds=0.01, longest_wait_seconds=0.02, give_up_after_seconds=5)
MALFORMED = b'{"data": [], "meta": {}}'


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def reader(warehouse: Engine, sirius_url: str) -> Callable[[Attempt], None]:
    return lambda attempt: extract_channel_counts(warehouse, SiriusClient(sirius_url, bounds=QUICK), attempt)


def kept(warehouse: Engine) -> list[tuple[Any, ...]]:
    return [
        tuple(row) for row in extracting.query(warehouse, "SELECT * FROM perf.extracted_channel_counts ORDER BY 2, 3")
    ]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ErrorAnswer(404, "NOTFOUND"), "answered 404"),
        (ErrorAnswer(503, "UNAVAILABLE", "list"), "answered 503"),
        (ErrorAnswer(401, "UNAUTHORISED"), "answered 401"),
        (DroppedConnection(), "cannot be reached"),
        (RawAnswer(b"<html>Sorry</html>"), "Sirius"),
        (RawAnswer(MALFORMED, content_type="application/json"), "do not keep the contract"),
    ],
)
def test_a_failure_is_noted_in_plain_words_and_the_figures_of_before_stay(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour, fault: Fault, said: str
) -> None:
    assert attempt_reading(warehouse, extracting.attempt("sirius", DAYS, NIGHT), reader(warehouse, sirius_url), tries=1)
    before = kept(warehouse)
    behaviour.play(fault, times=10)
    assert not attempt_reading(
        warehouse, extracting.attempt("sirius", DAYS, NEXT_NIGHT), reader(warehouse, sirius_url), tries=1
    )
    assert kept(warehouse) == before
    for row in extracting.ledger(warehouse, "sirius").values():
        assert (row.outcome, row.delivered_at, row.attempted_at) == ("failed", NIGHT, NEXT_NIGHT)
        assert said in row.failure
        assert " Next step: " in row.failure
        assert "\n" not in row.failure


def test_a_server_that_is_down_is_a_failure_and_no_zero(warehouse: Engine) -> None:
    attempt = extracting.attempt("sirius", DAYS, NIGHT)
    assert not attempt_reading(warehouse, attempt, reader(warehouse, "http://127.0.0.1:1"), tries=1)
    assert kept(warehouse) == []
    assert {row.outcome for row in extracting.ledger(warehouse, "sirius").values()} == {"failed"}


def test_requests_that_nobody_can_sign_fail_this_source_alone(
    warehouse: Engine, sirius_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def read(attempt: Attempt) -> None:
        extract_channel_counts(warehouse, SiriusClient(sirius_url, auth="sigv4", bounds=QUICK), attempt)

    assert not attempt_reading(warehouse, extracting.attempt("sirius", DAYS, NIGHT), read, tries=1)
    assert {row.outcome for row in extracting.ledger(warehouse, "sirius").values()} == {"failed"}
