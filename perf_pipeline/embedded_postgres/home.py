"""Where the embedded PostgreSQL keeps its files, and the URL of its databases.

    home/
      postgres/        the cluster (PGDATA)
      postgres.log     the server's log, and the output of an initdb that failed
      locks/gate       exclusive: held while a process starts or stops the server, or begins or ends its use
      locks/lease      shared: held by every process that uses the server
      locks/server     held by the processes of the server, which inherit it: while it is locked, the server is alive

The locks are `flock`s. The kernel releases them when their holder dies, so a killed process leaves nothing to clean up
and no process id has to be trusted. The socket lies outside the home, because its path must stay under 104 bytes.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from perf_pipeline.errors import EmbeddedDatabaseError

PORT = 5432
"""A part of the socket's name. The server does not listen on TCP."""

_LONGEST_SOCKET_PATH_BYTES = 103  # the limit of macOS; Linux allows four more


class Home:
    """The paths of one embedded PostgreSQL, absolute and with links resolved. The folder need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.path = folder.resolve()
        self.data = self.path / "postgres"
        self.log = self.path / "postgres.log"
        self._locks = [self.path / "locks" / name for name in ("gate", "lease", "server")]
        self.gate_lock, self.lease_lock, self.server_lock = self._locks

    @property
    def socket_folder(self) -> Path:
        """The folder of the server's socket. Its path is short, and every process computes the same one."""
        owner = self.path.stat().st_uid if self.path.exists() else os.geteuid()
        name = hashlib.sha256(b"%d:%s" % (owner, os.fsencode(self.path))).hexdigest()[:16]
        return _temporary_root() / f"perf-pg-{name}"

    @property
    def socket(self) -> Path:
        """The server's socket."""
        return self.socket_folder / f".s.PGSQL.{PORT}"

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of `database`. It names the port, so that the variable PGPORT has no effect."""
        folder = quote(str(self.socket_folder), safe="/")
        return f"postgresql+psycopg2://postgres@/{database}?host={folder}&port={PORT}"

    def create(self) -> None:
        """Create the folder and its lock files. They belong to the owner of the folder, also when root creates them.

        Raises OSError, and EmbeddedDatabaseError when the path of the socket would be too long.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH_BYTES:
            raise EmbeddedDatabaseError(
                f"The socket path {self.socket} is longer than {_LONGEST_SOCKET_PATH_BYTES} bytes.",
                next_step="Set TMPDIR to a short path.",
            )
        self.gate_lock.parent.mkdir(exist_ok=True)
        for file in self._locks:
            file.touch()
        owner = self.path.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            for file in (self.gate_lock.parent, *self._locks):
                os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _temporary_root() -> Path:
    # /tmp is preferred: TMPDIR differs between a shell, cron and a service, and all must find the same socket.
    shared = Path("/tmp")  # noqa: S108 - the folder inside has mode 0700, and its owner is checked before every use
    return shared if os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir()).resolve()
