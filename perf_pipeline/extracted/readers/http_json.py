"""GET of JSON from a system that we only read, repeated within bounds.

Here: one request, which failures are worth another, how long to wait. Not here: what an answer means; the caller's
`judge` says (`sirius_errors`).

The count and the pauses are urllib3's `Retry`, but the repeating is ours: urllib3 would send the same headers again,
and a signature (`http_sigv4`) must be made for each try.
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

    Waits double from `first_wait_seconds` and hold jitter. No try begins later than `give_up_after_seconds`; one
    that is under way ends by its own timeout.
    """

    tries_count: int = 6
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0
    give_up_after_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a body that is not JSON; `is_truncated` when it looks like the beginning of JSON."""

    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: `body` is the parsed JSON or `Unreadable`, `retry_after_seconds` what the answer asks for."""

    status: int
    body: object
    content_type: str
    retry_after_seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A try without a result: `repeat` it now, try `later` (another run), or it is `permanent`."""

    kind: Literal["repeat", "later", "permanent"]
    what: str
    next_step: str
    wait_seconds: float | None = None


Judge = Callable[[Answer], dict[str, Any] | Failure]


class JsonEndpoint:
    """One address that answers GET with JSON; `name` stands for it in messages, so it must hold no secret."""

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
        """Give what `judge` made of the answer.

        Raises PermanentSourceError at once for what no repetition mends, TransientSourceError when the bounds are met.
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
                # A body that is not compressed is as large as what arrives, so that its bound is a bound on memory.
                headers={"Accept-Encoding": "identity"},
            )
            content = self._body(response)
        except (requests.RequestException, HTTPError) as error:
            # A host name that cannot be encoded passes through requests as an error of urllib3.
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
        """The body, as long as it stays within its bounds of size and time."""
        with response:
            encoding = response.headers.get("Content-Encoding", "identity")
            if encoding != "identity":
                return Failure(
                    "permanent", "compressed its answer, which nobody asked for", "Ask its team to stop that."
                )
            content = bytearray()
            # Whatever has arrived: a full chunk of an answer that trickles would take for ever.
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
    """urllib3's own pauses start with none at all, so that callers that fail together come back together."""

    def get_backoff_time(self) -> float:
        longest: float = min(self.backoff_max, self.backoff_factor * 2 ** (len(self.history) - 1))
        return longest * SystemRandom().uniform(0.5, 1)


def parse_json(content: bytes) -> object:
    """Parse a body; what is not JSON becomes `Unreadable`, never an exception."""
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
