"""How the stand-in Sirius server answers: the age of its counts, the days it omits, and the faults it plays.

Here: plain data that a test or the demonstration sets. Not here: the server (`sirius_server`), counts (`channel_model`).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from typing import Any, Literal

from flask import Response
from werkzeug.datastructures import Headers

from perf_pipeline.demo.channel_model import ChannelCounts

Envelope = Literal["list", "single", "gateway"]
"""The shapes of an error: `errors` as a list, `errors` as one object, `statusCode` with `body.error` (DOMAIN 3.3)."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error of the contract. `code` has no prefix `OPGDATA-API-`. A 429 needs `retry_after_seconds`."""

    status: int
    code: str
    envelope: Envelope = "gateway"
    retry_after_seconds: int | None = None


Fault = ErrorAnswer | Callable[[], Response]
"""An error, or a function whose answer may break the contract."""


@dataclass(frozen=True, slots=True)
class Revision:
    """Other counts for one day and subtype, in every answer generated at or after `revised_at` (an aware instant)."""

    day: date
    subtype: str
    counts: ChannelCounts
    revised_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that arrived."""

    query: dict[str, str]
    headers: Headers


@dataclass
class SiriusBehaviour:
    """The settings of the stand-in. They can also be changed while it runs.

    - `staleness_hours`: age of the counts. 0 makes yesterday the last complete day.
    - `hiccup_every`: every n-th request gets a gateway 404 or a 429, in turn. 0 means never.
    - `missing_days`: days without a row. `wrong_total_days`: days whose total is one more than the sum.
    - `revisions`: if several apply to a row, the last one is used.
    - `edit_answer`: changes a right answer. The result may break the contract.
    - `credentials`: access key and secret that requests must be signed with. None accepts unsigned requests.
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
        """Answer the next `times` requests with `fault`, after the faults that are already queued."""
        with self._lock:
            self._faults.extend([fault] * times)

    def meet(self, received: ReceivedRequest) -> Fault | None:
        """Record a request and return the fault that it gets, or None."""
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
