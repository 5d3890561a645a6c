"""Where the embedded PostgreSQL keeps its things, and the file locks that its users meet at.

Here: the layout of the home folder, the socket folder and its name, URLs, `flock`. Not here: starting and stopping
(`embedded_server`), who uses the server (`embedded_postgres`), how the binaries are run (`embedded_launcher`).

    home/
      postgres/        the cluster (PGDATA)
      postgres.log     what the server and initdb said
      locks/gate       exclusive while somebody starts, stops, joins or leaves
      locks/lease      shared by every process that uses the server
      locks/server     held by the server's own processes, which inherit it: locked means that one of them lives

All three are `flock`s: the kernel drops them when their holder dies, however it dies, so nothing can be left behind and
no process id is ever trusted. The socket lies outside the home because its path must stay under 104 bytes.
"""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from perf_pipeline.errors import EmbeddedDatabaseError

PATIENCE_SECONDS = 120.0
"""How long a start, a stop, or a wait for somebody else's start or stop may take on a small, busy machine."""

PORT = 5432
"""Only a part of the socket's name: the server never listens on TCP."""

_LONGEST_SOCKET_PATH_BYTES = 103  # sun_path on macOS; Linux has four more
_WAIT_SECONDS = 0.02


@dataclass(frozen=True)
class Home:
    """The paths of one embedded PostgreSQL. `path` is absolute and resolved: build it with `Home.at`."""

    path: Path

    @classmethod
    def at(cls, folder: Path) -> "Home":
        """Return the home in `folder`, relative paths and links resolved; it need not exist yet."""
        return cls(folder.resolve())

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.path / "postgres"

    @property
    def log(self) -> Path:
        """The server's log; initdb's and pg_ctl's words are added to it when they fail."""
        return self.path / "postgres.log"

    @property
    def gate_lock(self) -> Path:
        """Held exclusively by the one who starts, stops, joins or leaves."""
        return self.path / "locks" / "gate"

    @property
    def lease_lock(self) -> Path:
        """Held in common by all who use the server."""
        return self.path / "locks" / "lease"

    @property
    def server_lock(self) -> Path:
        """Held by the processes of the server itself."""
        return self.path / "locks" / "server"

    @property
    def socket_folder(self) -> Path:
        """The folder of the server's socket: short, and the same for every process that means this home."""
        owner = self.path.stat().st_uid if self.path.exists() else os.geteuid()
        name = hashlib.sha256(b"%d:%s" % (owner, os.fsencode(self.path))).hexdigest()[:16]
        return _temporary_root() / f"perf-pg-{name}"

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.socket_folder / f".s.PGSQL.{PORT}"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of `database`, with the port so that a stray PGPORT can't redirect it."""
        folder = quote(str(self.socket_folder), safe="/")
        return f"postgresql+psycopg2://postgres@/{database}?host={folder}&port={PORT}"

    def create(self) -> None:
        """Make the home and its lock files; made by root in another account's folder, they belong to that account.

        Raises OSError, and EmbeddedDatabaseError when no socket can have a path as long as it would be here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH_BYTES:
            raise EmbeddedDatabaseError(
                f"The socket path {self.socket} is longer than {_LONGEST_SOCKET_PATH_BYTES} bytes.",
                next_step="Set TMPDIR to a short path.",
            )
        self.gate_lock.parent.mkdir(exist_ok=True)
        owner = self.path.stat()
        for file in (self.gate_lock, self.lease_lock, self.server_lock):
            file.touch()
        if os.geteuid() == 0 and owner.st_uid != 0:
            for file in (self.gate_lock.parent, self.gate_lock, self.lease_lock, self.server_lock):
                os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _temporary_root() -> Path:
    # /tmp first: TMPDIR differs between a shell, cron and a service, and all must find the same socket.
    shared = Path("/tmp")  # noqa: S108 - the folder inside is 0700 and its owner is verified before every use
    return shared if os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir()).resolve()


def try_lock(file: Path, operation: int) -> int | None:
    """Return an open descriptor that holds LOCK_SH or LOCK_EX on `file`, or None if somebody is in the way.

    Closing it lets go, unless a child process inherited it.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(file: Path) -> bool:
    """Tell whether anybody holds a lock on `file`."""
    descriptor = try_lock(file, fcntl.LOCK_EX)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def gate(home: Home) -> Iterator[None]:
    """Hold the right to start, stop, join or leave, waiting for the one who has it.

    Raises EmbeddedDatabaseError when that takes more than twice `PATIENCE_SECONDS`.
    """
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS  # the one inside may wait once for a stop and once for a start
    while (descriptor := try_lock(home.gate_lock, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"Another process has been starting or stopping the embedded PostgreSQL in {home.path} for too long.",
                next_step=f"End the process that holds {home.gate_lock} (see `lsof`), then try again.",
            )
        time.sleep(_WAIT_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)
