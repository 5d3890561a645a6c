"""What the Sirius client does when the gateway, the network or the paging fails: real server, real sockets."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Response

from perf_pipeline.demo.sirius_behaviour import ErrorAnswer, Fault, SiriusBehaviour
from perf_pipeline.errors import PermanentSourceError, SourceError, TransientSourceError, UsageError
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline_tests.sirius import (
    FIRST_DAY,
    LAST_DAY,
    ROWS_COUNT,
    assert_one_clear_line,
    broken_off,
    dropped,
    raw,
    read,
    shortened,
)


@pytest.mark.parametrize(
    "fault",
    [
        ErrorAnswer(404, "NOTFOUND"),
        ErrorAnswer(404, "NOTFOUND", "list"),
        ErrorAnswer(408, "INTEGRATION_TIMEOUT"),
        ErrorAnswer(429, "THROTTLED", retry_after_seconds=0),
        ErrorAnswer(429, "QUOTA_EXCEEDED", retry_after_seconds=0),
        ErrorAnswer(500, "SERVERERROR", "single"),
        ErrorAnswer(503, "UNAVAILABLE"),
        ErrorAnswer(504, "INTEGRATION_TIMEOUT"),
        raw(b"<html>Bad gateway</html>", status=502),
        raw(b"", status=429),
        raw(b"", status=429, headers={"Retry-After": "soon"}),
        raw(b""),
        raw(b'{"statusCode":503,"body":{"error":{"code":"OPGDATA-API-UNAVAILABLE","message":"-"}}}'),
        dropped,
        broken_off,
        shortened,
    ],
)
def test_a_passing_failure_is_repeated_and_costs_no_row(
    sirius_url: str, behaviour: SiriusBehaviour, fault: Fault
) -> None:
    behaviour.play(fault, times=3)
    assert len(read(sirius_url).rows) == ROWS_COUNT
    assert len(behaviour.received) == 3 + 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ErrorAnswer(404, "NOTFOUND"), "answered 404 NOTFOUND (Not Found)"),
        (ErrorAnswer(503, "UNAVAILABLE", "list"), "answered 503 UNAVAILABLE (Service Unavailable)"),
        (dropped, "cannot be reached"),
        (broken_off, "broke off its answer"),
        (shortened, "broke off its answer"),
    ],
)
def test_a_lasting_failure_ends_within_the_bounds(
    sirius_url: str, behaviour: SiriusBehaviour, fault: Fault, said: str
) -> None:
    behaviour.play(fault, times=100)
    with pytest.raises(TransientSourceError, match="4 tries in 0 s gave no other result") as caught:
        read(sirius_url)
    assert said in caught.value.what
    assert sirius_url in caught.value.what
    assert len(behaviour.received) == 4
    assert_one_clear_line(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (ErrorAnswer(400, "INVALIDREQUEST", "list"), PermanentSourceError, "400 INVALIDREQUEST (Bad Request)"),
        (ErrorAnswer(401, "UNAUTHORISED", "single"), PermanentSourceError, "401 UNAUTHORISED (Unauthorized)"),
        (ErrorAnswer(403, "FORBIDDEN", "gateway"), PermanentSourceError, "403 FORBIDDEN (Forbidden)"),
        (raw(b'{"message":"No Token"}', status=403), PermanentSourceError, "answered 403 (No Token)"),
        (raw(b"", status=302, headers={"Location": "https://example.org/"}), PermanentSourceError, "302"),
        (raw(b"<html>Log in</html>"), PermanentSourceError, "no JSON object (found: text/html"),
        (raw(b"[]", content_type="application/json"), PermanentSourceError, "no JSON object (found: list)"),
        (raw(b'{"data": 7}', content_type="application/json"), PermanentSourceError, "do not keep the contract"),
        (
            ErrorAnswer(429, "THROTTLED", retry_after_seconds=3600),
            TransientSourceError,
            "1 try in 0 s gave no other result; the next would have come 3600 s later",
        ),
        (
            raw(b'{"errors":{"code":"OPGDATA-API-QUOTA_EXCEEDED","title":"Limit Exceeded"}}', status=429),
            TransientSourceError,
            "429 QUOTA_EXCEEDED (Limit Exceeded): the quota is used up",
        ),
    ],
)
def test_what_no_repetition_mends_ends_at_once(
    sirius_url: str, behaviour: SiriusBehaviour, fault: Fault, kind: type[SourceError], said: str
) -> None:
    behaviour.play(fault, times=100)
    with pytest.raises(kind) as caught:
        read(sirius_url)
    assert said in caught.value.what
    assert len(behaviour.received) == 1
    assert_one_clear_line(caught.value)


def test_retry_after_is_honoured(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.play(ErrorAnswer(429, "THROTTLED", retry_after_seconds=1))
    started = time.monotonic()
    assert len(read(sirius_url).rows) == ROWS_COUNT
    assert 1 <= time.monotonic() - started < 3


def test_pauses_grow(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.play(ErrorAnswer(503, "UNAVAILABLE"), times=3)
    bounds = RetryBounds(tries_count=4, first_wait_seconds=0.1, longest_wait_seconds=10, give_up_after_seconds=10)
    started = time.monotonic()
    read(sirius_url, bounds)
    # 0.1, 0.2 and 0.4 s, each between its half and its whole.
    assert 0.35 <= time.monotonic() - started < 1.5


def test_the_time_bound_holds_before_the_count(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.play(ErrorAnswer(503, "UNAVAILABLE"), times=1000)
    bounds = RetryBounds(tries_count=1000, first_wait_seconds=0.05, longest_wait_seconds=0.1, give_up_after_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(TransientSourceError):
        read(sirius_url, bounds)
    assert time.monotonic() - started < 1


def test_a_silent_server_is_a_transient_failure(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    def late() -> Response:
        time.sleep(1)
        return Response()

    behaviour.play(late, times=2)
    with pytest.raises(TransientSourceError, match="did not answer in time; 2 tries"):
        read(sirius_url, RetryBounds(tries_count=2, first_wait_seconds=0.01), timeout_seconds=0.2)


def test_a_server_that_is_down_is_a_transient_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(TransientSourceError, match=f"http://127.0.0.1:{port} cannot be reached") as caught:
        read(f"http://127.0.0.1:{port}")
    assert_one_clear_line(caught.value)


def test_https_to_a_server_without_tls_is_not_repeated(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    with pytest.raises(PermanentSourceError, match="TLS"):
        read(sirius_url.replace("http:", "https:"))
    assert len(behaviour.received) == 0


def test_a_host_name_that_cannot_exist_is_permanent() -> None:
    with pytest.raises(PermanentSourceError, match="cannot be asked"):
        read("http://sirius..example")


def once_in_page_two(change: dict[str, object]) -> Callable[[dict[str, Any]], None]:
    changes = iter([change])

    def edit(body: dict[str, Any]) -> None:
        if body["meta"]["page"] == 2:
            body["meta"] |= next(changes, {})

    return edit


@pytest.mark.parametrize("change", [{"total": 300}, {"page": 1}, {"limit": 50}])
def test_pages_that_disagree_once_are_read_again(
    sirius_url: str, behaviour: SiriusBehaviour, change: dict[str, object]
) -> None:
    behaviour.edit_answer = once_in_page_two(change)
    assert len(read(sirius_url).rows) == ROWS_COUNT
    assert len(behaviour.received) == 4


def repeating() -> Callable[[dict[str, Any]], None]:
    first_page: list[object] = []

    def edit(body: dict[str, Any]) -> None:
        first_page[:] = first_page or body["data"]
        body["data"] = first_page[: len(body["data"])]

    return edit


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda body: body["meta"].update(total=184 + body["meta"]["page"]),
            "page 2 says another page, limit or total",
        ),
        (repeating(), "page 2 repeats rows of an earlier page"),
        (lambda body: body["data"].pop(), "page 1 holds 99 rows, not 100"),
    ],
)
def test_pages_that_keep_disagreeing_are_a_transient_failure(
    sirius_url: str, behaviour: SiriusBehaviour, edit: Callable[[dict[str, Any]], None], said: str
) -> None:
    behaviour.edit_answer = edit
    with pytest.raises(TransientSourceError, match=f"do not fit together in 3 readings: {said}") as caught:
        read(sirius_url)
    assert_one_clear_line(caught.value)


def test_a_smaller_page_limit_of_the_server_is_followed(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    def at_most_92(body: dict[str, Any]) -> None:
        rows, page = all_rows, body["meta"]["page"]
        body["data"] = rows[92 * (page - 1) : 92 * page]
        body["meta"]["limit"] = 92

    all_rows: list[object] = []
    behaviour.edit_answer = lambda body: all_rows.extend(body["data"])
    read(sirius_url)
    behaviour.edit_answer = at_most_92
    assert len(read(sirius_url).rows) == ROWS_COUNT


def test_days_the_wrong_way_round_are_a_usage_error(sirius_url: str) -> None:
    with pytest.raises(UsageError, match="from 2026-07-31 to 2026-05-01"):
        SiriusClient(sirius_url).channel_counts(LAST_DAY, FIRST_DAY)
