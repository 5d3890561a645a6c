"""Who uses the embedded PostgreSQL: its first user starts it, its last user stops it. Also the databases in it.

Every user is a process, a thread or a nested block, and holds a shared lock on the home's lease file. A killed process
loses its lock when it dies. The next user then finds the server running, uses it, and stops it if no other user is left.
A forked child shares the lease of its parent until both have ended.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.locks import gate, is_locked, try_lock
from perf_pipeline.embedded_postgres.server import connect, ensure_running, stop
from perf_pipeline.errors import EmbeddedDatabaseError

_CREATION_LOCK = 20_250_501  # any number, the same for every process


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server. `embedded_postgres` makes it, and it is valid inside that block."""

    home: Home

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database, `postgresql+psycopg2://postgres@/perf?host=/tmp/…&port=5432`."""
        return self.home.url(database)

    def ensure_database(self, name: str) -> str:
        """Create the database if it doesn't exist, and return its URL. Several processes may do so at once.

        Raises EmbeddedDatabaseError when the server refuses.
        """
        try:
            with closing(connect(self.home)) as connection:
                connection.autocommit = True
                cursor = connection.cursor()
                # CREATE DATABASE has no IF NOT EXISTS. The lock ends with the connection.
                cursor.execute("SELECT pg_advisory_lock(%s)", [_CREATION_LOCK])
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
                if cursor.rowcount == 0:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg2.Error as error:
            raise EmbeddedDatabaseError(
                f"The database {name} could not be created in {self.home.path}: {error}; log: {self.home.log}",
                next_step="Free some space or connections, then run the same command again.",
            ) from error
        return self.url(name)


def has_cluster(home: Path) -> bool:
    """Whether a server was ever started in `home`, so that there may be data."""
    return Home(home).data.exists()


@contextmanager
def embedded_postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """Provide a running server with its files in `home`. It is started unless it runs, and stopped after its last user.

    Raises EmbeddedDatabaseError when it can't be started or stopped. An error of the block itself takes precedence.
    """
    place = Home(home)
    lease = _join(place)
    try:
        yield EmbeddedPostgres(place)
    except BaseException as error:
        try:
            _leave(place, lease)
        except EmbeddedDatabaseError as second:
            error.add_note(str(second))
        raise
    _leave(place, lease)


def _join(home: Home) -> int:
    with _described(home):
        home.create()
        with gate(home):
            lease = try_lock(home.lease_lock, fcntl.LOCK_SH)
            assert lease is not None  # noqa: S101 - an exclusive lock on it is only taken inside the gate
            try:
                ensure_running(home)
            except BaseException:
                os.close(lease)
                with suppress(OSError, subprocess.SubprocessError, EmbeddedDatabaseError):
                    _stop_if_unused(home)
                raise
            return lease


def _leave(home: Home, lease: int) -> None:
    try:
        with _described(home), gate(home):
            os.close(lease)
            lease = -1
            _stop_if_unused(home)
    except EmbeddedDatabaseError:
        if home.gate_lock.exists():
            raise
        # The home was deleted. A server without its data folder ends by itself within a minute.
    finally:
        if lease >= 0:
            os.close(lease)


def _stop_if_unused(home: Home) -> None:
    if not is_locked(home.lease_lock):
        stop(home)


@contextmanager
def _described(home: Home) -> Iterator[None]:
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedDatabaseError(
            f"The embedded PostgreSQL in {home.path} could not be used: {error}; log: {home.log}",
            next_step="Make the folder writable and free some space, or set PERF_HOME to another folder,"
            " or PERF_DATABASE_URL to a PostgreSQL of your own.",
        ) from error
