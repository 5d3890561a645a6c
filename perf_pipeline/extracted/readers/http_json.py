"""GETs JSON from a system that we only read, with a bounded number of retries.

Here: one request, which failures are retried, how long to wait. Not here: the meaning of an answer, which the caller's
`judge` decides (`sirius/errors.py`).

urllib3's `Retry` counts the tries and computes the pauses. The retry loop is ours, because urllib3 would send the same
headers again, and each try needs a new signature (`http_sigv4`).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Final, Literal

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError, ProtocolError, ReadTimeoutError
from urllib3.util import Retry

from perf_pipeline.errors import PermanentSourceError, TransientSourceError
from perf_pipeline.source_bounds import Deadline

_CONNECT_TIMEOUT_SECONDS: Final = 10.0
_LARGEST_BODY_BYTES: Final = 8 * 2**20
_CHUNK_BYTES: Final = 64 * 2**10
_TAKE_LONGER: Final = "See what slows it down, or set PERF_SOURCE_READING_SECONDS to more."


@dataclass(frozen=True, slots=True)
class RetryBounds:
    """How often and how long one request is tried.

    Waits begin with `first_wait_seconds`, double each time and have jitter. No try begins after
    `give_up_after_seconds`. A running try ends by its own timeout.
    """

    tries_count: int = 6
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0
    give_up_after_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is not JSON. `is_truncated`: it looks like the beginning of JSON."""

    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: `body` is the parsed JSON or `Unreadable`. `retry_after_seconds` is its header Retry-After."""

    status: int
    body: object
    content_type: str
    retry_after_seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A try without a result. `repeat`: retry now. `later`: try again in another run. `permanent`: do not retry."""

    kind: Literal["repeat", "later", "permanent"]
    what: str
    next_step: str
    wait_seconds: float | None = None


Judge = Callable[[Answer], dict[str, Any] | Failure]


class JsonEndpoint:
    """One address that answers GET with JSON. Messages show `name`, so it must not contain a secret."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        name: str,
        auth: AuthBase,
        timeout_seconds: float,
        bounds: RetryBounds,
        judge: Judge,
        deadline: Deadline,
    ) -> None:
        self._session, self._url, self._name, self._auth = session, url, name, auth
        self._timeout = (min(_CONNECT_TIMEOUT_SECONDS, timeout_seconds), timeout_seconds)
        self._bounds, self._judge, self._deadline = bounds, judge, deadline

    def get(self, query: Mapping[str, str | int]) -> dict[str, Any]:
        """The result of `judge` for the answer.

        Raises PermanentSourceError at once for a permanent failure, and TransientSourceError when the retries are used up.
        """
        started = time.monotonic()
        retry: Retry = _JitteredRetry(
            total=self._bounds.tries_count - 1,
            backoff_factor=self._bounds.first_wait_seconds,
            backoff_max=self._bounds.longest_wait_seconds,
        )
        while True:
            result = self._try_once(query)
            if not isinstance(result, Failure):
                return result
            if result.kind != "repeat":
                raise self._error(result)
            try:
                retry = retry.increment("GET", self._url)
            except MaxRetryError:
                raise self._exhausted(result, started, self._bounds.tries_count) from None
            wait = result.wait_seconds if result.wait_seconds is not None else retry.get_backoff_time()
            if time.monotonic() - started + wait > self._bounds.give_up_after_seconds:
                raise self._exhausted(result, started, len(retry.history), wait)
            if self._deadline.seconds_left < wait:
                raise self._error(Failure("later", f"{result.what}; the time of the reading is over", _TAKE_LONGER))
            time.sleep(wait)

    def _try_once(self, query: Mapping[str, str | int]) -> dict[str, Any] | Failure:
        try:
            response = self._session.get(
                self._url,
                params=dict(query),
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                # Without compression, the limit on received bytes is also a limit on memory.
                headers={"Accept-Encoding": "identity"},
            )
            content = self._body(response)
        except (requests.RequestException, HTTPError) as error:
            # For a host name that can't be encoded, requests raises an error of urllib3.
            return _no_answer(error)
        if isinstance(content, Failure):
            return content
        return self._judge(
            Answer(
                status=response.status_code,
                body=parse_json(content),
                content_type=response.headers.get("Content-Type", "no content type"),
                retry_after_seconds=_seconds(response.headers.get("Retry-After")),
            )
        )

    def _body(self, response: requests.Response) -> bytes | Failure:
        """The body, or a failure when it exceeds the limits of size or time."""
        with response:
            encoding = response.headers.get("Content-Encoding", "identity")
            if encoding != "identity":
                return Failure(
                    "permanent", "compressed its answer, which nobody asked for", "Ask its team to stop that."
                )
            content = bytearray()
            # read1 returns the bytes that have arrived. A slow answer could take for ever to fill a whole chunk.
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                content += chunk
                if len(content) > _LARGEST_BODY_BYTES:
                    size = f"more than {_LARGEST_BODY_BYTES // 2**20} MB"
                    return Failure("permanent", f"answered with {size}", "Ask its team what an answer should hold.")
                if self._deadline.is_over:
                    return Failure("later", f"took more than {self._deadline.seconds:.0f} s", _TAKE_LONGER)
            return bytes(content)

    def _error(self, failure: Failure) -> PermanentSourceError | TransientSourceError:
        kind = PermanentSourceError if failure.kind == "permanent" else TransientSourceError
        return kind(f"{self._name} {failure.what}.", next_step=failure.next_step)

    def _exhausted(
        self, failure: Failure, started: float, tries_count: int, wait_seconds: float | None = None
    ) -> TransientSourceError:
        tries = f"{tries_count} {'try' if tries_count == 1 else 'tries'} in {time.monotonic() - started:.0f} s"
        wait = "" if wait_seconds is None else f"; the next would have come {wait_seconds:.0f} s later"
        return TransientSourceError(
            f"{self._name} {failure.what}; {tries} gave no other result{wait}.", next_step=failure.next_step
        )


class _JitteredRetry(Retry):
    """A Retry with jitter and a first pause. Without them, callers that fail together would retry together."""

    def get_backoff_time(self) -> float:
        longest: float = min(self.backoff_max, self.backoff_factor * 2 ** (len(self.history) - 1))
        return longest * SystemRandom().uniform(0.5, 1)


def parse_json(content: bytes) -> object:
    """Parse a body. Returns `Unreadable` if it is not JSON, and never raises."""
    text = content.decode("utf-8", errors="replace").strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        begins_well = text == "" or text.startswith("{")
        return Unreadable(is_truncated=begins_well and (not text.endswith("}") or error.pos >= len(text)))
    except (ValueError, RecursionError):
        return Unreadable(is_truncated=False)


def _no_answer(error: requests.RequestException | HTTPError) -> Failure:
    if isinstance(error, requests.exceptions.SSLError):
        return Failure("permanent", "has a TLS certificate that is not accepted", "Check its address and certificate.")
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return Failure("repeat", "did not answer in time", "See whether it is up; the next run tries again.")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | ProtocolError):
        return Failure("repeat", "broke off its answer", "See whether it is up; the next run tries again.")
    if isinstance(error, requests.ConnectionError):
        return Failure("repeat", "cannot be reached", "See whether it is up and its address right.")
    return Failure("permanent", f"cannot be asked ({type(error).__name__})", "Check its address.")


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None:
        return None
    try:
        return Retry().parse_retry_after(retry_after)
    except InvalidHeader:
        return None
