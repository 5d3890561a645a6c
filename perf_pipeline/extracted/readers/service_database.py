"""Reads a service's own PostgreSQL: read only, in one snapshot, with streamed rows.

Only the SELECTs of the sources' .sql files are sent. The session is read only, so that even a mistake here can't change,
create or lock anything in a database that is not ours.
"""

import contextlib
import io
import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

import psycopg2
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy.engine import make_url

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.windows import DOUBLE_SUBMISSION_SECONDS
from perf_pipeline.errors import PermanentSourceError, SourceError, TransientSourceError
from perf_pipeline.source_bounds import Deadline, SourceBounds
from perf_pipeline.warehouse.engine import (
    APPLICATION_NAME,
    CONNECT_SECONDS,
    SESSION_OPTIONS,
    address_of,
    first_line,
    with_password,
)

_BOUNDS = SourceBounds()
_IS_STAND_IN = Path(__file__).parent / "sql" / "is_stand_in.sql"
_BATCH_ROWS = 2000
_BATCHES_AHEAD = 8
# Authorisation; no such database, schema, table or column; invalid values, statements or sessions.
_PERMANENT_SQLSTATES = ("28", "3D", "3F", "42", "22", "0A", "25")
# A refused login has no SQLSTATE, so it is recognised by its text.
_REFUSALS = (
    "authentication failed",
    "does not exist",
    "permission denied",
    "no password supplied",
    "no pg_hba.conf entry",
    "not permitted to log in",
)
# A network that drops packets must not block a run for hours.
_SILENCE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

Batches = queue.Queue[list[str] | BaseException | None]
"""Batches of rows. None marks the end. An exception explains why there are no more rows."""


class ServiceDatabase:
    """One open read-only session on a service's database."""

    def __init__(self, connection: psycopg2_connection, address: str, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._streams: list[Generator[str, None, None]] = []
        self.address = address

    def stream(self, query: Path, days: DayRange) -> Iterator[str]:
        """The rows of the days by a .sql file, as CSV lines with nulls as empty fields. One stream at a time.

        Memory has only a few thousand rows at a time. When the source fails in the middle, the iterator raises SourceError,
        so that the caller's transaction rolls back.
        """
        rows = self._rows(query, days)
        self._streams.append(rows)
        return rows

    def is_stand_in(self, days: DayRange) -> bool:
        """Whether the database is a stand-in, which says so in a comment on its table. Its figures are a demonstration."""
        return "t" in [row.strip() for row in self.stream(_IS_STAND_IN, days)]

    def close(self) -> None:
        """End the session. An unfinished stream is stopped first, because its thread still uses the session."""
        for rows in self._streams:
            rows.close()
        self._connection.close()

    def _rows(self, query: Path, days: DayRange) -> Generator[str, None, None]:
        batches: Batches = queue.Queue(maxsize=_BATCHES_AHEAD)
        abandoned = threading.Event()
        reader = threading.Thread(target=self._read, args=(query, days, batches, abandoned), daemon=True)
        reader.start()
        try:
            while (batch := self._next(batches)) is not None:
                if isinstance(batch, BaseException):
                    raise self._explained(batch)
                yield from batch
            reader.join()
        finally:
            self._stop(reader, batches, abandoned)

    def _next(self, batches: Batches) -> list[str] | BaseException | None:
        try:
            if self._deadline.is_over:
                raise queue.Empty
            return batches.get(timeout=self._deadline.seconds_left)
        except queue.Empty:
            return TransientSourceError(
                f"The service's database ({self.address}) did not give all rows within {self._deadline.seconds:.0f} s.",
                next_step="see what slows it down, or set PERF_SOURCE_READING_SECONDS to more.",
            )

    def _stop(self, reader: threading.Thread, batches: Batches, abandoned: threading.Event) -> None:
        if not reader.is_alive():
            return
        abandoned.set()
        # The server may need minutes for its next row.
        with contextlib.suppress(psycopg2.Error):
            self._connection.cancel()
        while reader.is_alive():
            _drain(batches)
            reader.join(timeout=0.05)

    def _read(self, query: Path, days: DayRange, batches: Batches, abandoned: threading.Event) -> None:
        sink = _Sink(batches, abandoned)
        start_at, end_at = days.utc_bounds
        values = {"start_at": start_at, "end_at": end_at, "repeat_seconds": DOUBLE_SUBMISSION_SECONDS}
        try:
            with self._connection.cursor() as cursor:
                select = cursor.mogrify(query.read_text(encoding="utf-8"), values).decode()
                cursor.copy_expert(f"COPY ({select}) TO STDOUT WITH (FORMAT csv)", cast("TextIO", sink))
            sink.flush()
            batches.put(None)
        except BaseException as error:
            batches.put(error)

    def _explained(self, error: BaseException) -> BaseException:
        return explained(error, self.address) if isinstance(error, psycopg2.Error) else error


class _Sink(io.TextIOBase):
    """The file object that COPY writes to. It collects rows into batches and puts them into the queue."""

    def __init__(self, batches: Batches, abandoned: threading.Event) -> None:
        super().__init__()
        self._batches = batches
        self._abandoned = abandoned
        self._rows: list[str] = []

    def write(self, row: str) -> int:
        if self._abandoned.is_set():
            raise BrokenPipeError("nobody reads the rows any more")
        self._rows.append(row)
        if len(self._rows) >= _BATCH_ROWS:
            self.flush()
        return len(row)

    def flush(self) -> None:
        self._batches.put(self._rows)
        self._rows = []


def _drain(batches: Batches) -> None:
    try:
        while True:
            batches.get_nowait()
    except queue.Empty:
        return


@contextmanager
def reading(url: str, bounds: SourceBounds = _BOUNDS, deadline: Deadline | None = None) -> Iterator[ServiceDatabase]:
    """Open a service's database for reading. The reading must end by the deadline.

    Raises TransientSourceError when it does not answer, PermanentSourceError when it refuses.
    """
    address = address_of(url)
    parsed = make_url(url).set(drivername="postgresql")
    try:
        connection = psycopg2.connect(
            with_password(parsed),
            connect_timeout=CONNECT_SECONDS,
            application_name=APPLICATION_NAME,
            options=_session_options(bounds),
            **_SILENCE,
        )
    except psycopg2.Error as error:
        raise explained(error, address) from None
    database = ServiceDatabase(connection, address, deadline or bounds.deadline())
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield database
    finally:
        database.close()


def _session_options(bounds: SourceBounds) -> str:
    """Session options: the timeouts, and an error for row-level security, which would otherwise hide rows silently."""
    timeouts = (
        f"-c statement_timeout={bounds.statement_seconds * 1000:.0f} -c lock_timeout={bounds.lock_seconds * 1000:.0f}"
    )
    return f"{SESSION_OPTIONS} {timeouts} -c row_security=off"


def explained(error: psycopg2.Error, address: str) -> SourceError:
    """The SourceError for a driver's error. It is permanent when the database itself refused."""
    # When the connection is lost while rows arrive, the driver only reports that it has no message.
    is_cut = error.pgcode is None and "no message from the libpq" in str(error)
    gist = "the connection broke off" if is_cut else first_line(error)
    refused = isinstance(error, psycopg2.ProgrammingError) or any(words in gist for words in _REFUSALS)
    if refused or (error.pgcode or "").startswith(_PERMANENT_SQLSTATES):
        return PermanentSourceError(
            f"The service's database ({address}) refused: {gist}.",
            next_step="check the URL, the tables and the reader's rights, then run the same days again.",
        )
    return TransientSourceError(
        f"The service's database ({address}) does not answer: {gist}.",
        next_step="check the URL and that it is up; the next nightly run asks again.",
    )
