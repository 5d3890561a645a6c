"""What the tests of the Sirius client share: the stand-in's day, its faults, a quick client, what an error looks like."""

import pickle
import socket
from datetime import date
from typing import Literal

from flask import Response, request

from perf_pipeline.demo.sirius_behaviour import Fault
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.extracted.sirius.client import ChannelCountDelivery, RetryBounds, SiriusClient

TODAY = date(2026, 9, 10)
"""What the stand-in believes, so that its counts are those of the day before."""
FIRST_DAY, LAST_DAY = date(2026, 5, 1), date(2026, 7, 31)
ROWS_COUNT = 2 * 92
"""A row a day and subtype, on two pages."""
QUICK = RetryBounds(tries_count=4, first_wait_seconds=0.01, longest_wait_seconds=0.05, give_up_after_seconds=5)


def raw(
    body: bytes, status: int = 200, content_type: str = "text/html", headers: dict[str, str] | None = None
) -> Fault:
    """Arbitrary bytes, which may break the contract."""
    return lambda: Response(body, status, headers, content_type=content_type)


def dropped() -> Response:
    """The connection closes without an answer."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response()


def shortened() -> Response:
    """The beginning of an answer, as if it were the whole."""
    return Response(b'{"data":[{"period":"2026-05-01","granul', content_type="application/json")


def broken_off() -> Response:
    """The same, but the headers give the length of the whole."""
    answer = shortened()
    answer.content_length = 20_000
    return answer


def read(
    sirius_url: str, bounds: RetryBounds = QUICK, timeout_seconds: float = 5, auth: Literal["none", "sigv4"] = "none"
) -> ChannelCountDelivery:
    """Three months of counts."""
    client = SiriusClient(sirius_url, bounds=bounds, timeout_seconds=timeout_seconds, auth=auth)
    return client.channel_counts(FIRST_DAY, LAST_DAY)


def assert_one_clear_line(error: PerfPipelineError) -> None:
    """That an error names the next step in one line, which reaches other processes too."""
    assert "\n" not in str(error)
    assert " Next step: " in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
