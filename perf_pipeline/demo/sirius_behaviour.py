"""How the stand-in Sirius server answers: how stale it is, what it leaves out, and the faults it plays.

Here: plain data that a test or the demonstration sets. Not here: HTTP (`sirius_server`), counts (`channel_model`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from typing import Any, Literal

from perf_pipeline.demo.channel_model import ChannelCounts

Envelope = Literal["list", "single", "gateway"]
"""The shapes of an error: `errors` as a list, `errors` as one object, `statusCode` with `body.error` (DOMAIN 3.3)."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error that the contract knows. `code` without its prefix `OPGDATA-API-`; a 429 needs `retry_after_seconds`."""

    status: int
    code: str
    envelope: Envelope = "gateway"
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Bytes that need not have anything to do with the contract."""

    body: bytes
    status: int = 200
    content_type: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DroppedConnection:
    """The connection closes without an answer."""


@dataclass(frozen=True, slots=True)
class TruncatedAnswer:
    """The right answer, of which the first `keep_bytes` arrive.

    With `announce_length` the headers promise the whole; without, they promise the part.
    """

    keep_bytes: int
    announce_length: bool = True


@dataclass(frozen=True, slots=True)
class SlowAnswer:
    """The right answer, `seconds` late."""

    seconds: float


Fault = ErrorAnswer | RawAnswer | DroppedConnection | TruncatedAnswer | SlowAnswer


@dataclass(frozen=True, slots=True)
class Revision:
    """Other counts for one day and subtype in every answer generated at or after `told_from` (an aware instant)."""

    day: date
    subtype: str
    counts: ChannelCounts
    told_from: datetime


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """What a caller asked: query parameters and headers, the latter under lower-case names."""

    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class SiriusBehaviour:
    """Everything that can be set about the stand-in, also while it runs.

    - `staleness_hours`: age of the counts; 0 makes yesterday the last complete day.
    - `hiccup_every`: each n-th request meets a gateway 404 or a 429, in turn, whatever it asks; 0 means never.
    - `missing_days`: days without a row. `wrong_total_days`: days whose total is one more than the sum.
    - `revisions`: of several that apply to a row, the last counts.
    - `edit_answer`: changes an answer that is right, and so may break the contract.
    - `credentials`: access key and secret that requests must be signed with; None takes unsigned ones.
    """

    staleness_hours: int = 0
    hiccup_every: int = 7
    missing_days: frozenset[date] = frozenset()
    wrong_total_days: frozenset[date] = frozenset()
    revisions: tuple[Revision, ...] = ()
    edit_answer: Callable[[dict[str, Any]], None] | None = None
    credentials: tuple[str, str] | None = None
    received: deque[ReceivedRequest] = field(default_factory=lambda: deque(maxlen=1000))
    _faults: deque[Fault] = field(default_factory=deque)
    _requests_count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def play(self, fault: Fault, *, times: int = 1) -> None:
        """Meet the next `times` requests with `fault`, after the faults already waiting."""
        with self._lock:
            self._faults.extend([fault] * times)

    def meet(self, received: ReceivedRequest) -> Fault | None:
        """Note a request and say which fault it meets."""
        with self._lock:
            self.received.append(received)
            self._requests_count += 1
            if self._faults:
                return self._faults.popleft()
            return self._hiccup()

    def _hiccup(self) -> Fault | None:
        if not self.hiccup_every or self._requests_count % self.hiccup_every:
            return None
        turn = self._requests_count // self.hiccup_every
        if turn % 2:
            return ErrorAnswer(404, "NOTFOUND")
        return ErrorAnswer(429, "THROTTLED", retry_after_seconds=(turn // 2 - 1) % 2)
