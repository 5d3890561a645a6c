"""Starts and stops the one PostgreSQL server of a home. The caller holds the home's gate.

Here: the server's settings, pg_ctl, and the judgement whether the server runs and is ours. Not here: who may still need
it (`leases`), its data folder (`cluster`), how a program is run (`launcher`).

The server runs when it answers on our socket and the pid file that it reads itself equals the one in our data folder.
The server is alive while the server lock is held. As long as it is alive, no second server is started on the data. Once
it is dead, its pid file is stale, even if that names a living process.
"""

import fcntl
import os
import shlex
import shutil
import socket
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg2
from psycopg2.extensions import connection

from perf_pipeline.embedded_postgres import locks
from perf_pipeline.embedded_postgres.cluster import USE_ANOTHER, prepare_cluster, program_failure
from perf_pipeline.embedded_postgres.home import PORT, Home
from perf_pipeline.embedded_postgres.launcher import Launcher, find_launcher
from perf_pipeline.errors import EmbeddedDatabaseError

_SETTINGS = {
    # The private socket is the only way in.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # Fast bulk loads that a crash can't corrupt. A crash may lose the last transactions as a whole. That is harmless:
    # every load is idempotent, and the next run finds what is missing.
    "fsync": "on",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    "autovacuum": "on",
    # For queries of this size, compiling costs more than it saves.
    "jit": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Messages about statements can quote rows, and rows can hold personal data. The log is about the server only.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class Answer(NamedTuple):
    """What answers on the socket: our server (`ours`), nothing (`silence`) or something unusable (`other`), and why."""

    state: Literal["ours", "silence", "other"]
    reason: str = ""


def ask(home: Home) -> Answer:
    """Connect to the socket of the home and find out whose server answers."""
    if not _accepts(home.socket):
        return Answer("silence")
    if not _is_private(home):
        return Answer("other", "the data folder of the server that answers was deleted, or it is another account's")
    try:
        theirs = _pid_file_of_the_server(home)
    except psycopg2.Error as error:
        return Answer("other", " ".join(str(error).split()))
    if theirs[:3] == _pid_file(home)[:3]:
        return Answer("ours")
    return Answer("other", "the server that answers works on another data folder")


def connect(home: Home) -> connection:
    """Connect to the database `postgres` of the server on the home's socket. Raises psycopg2.Error."""
    # Every value is given, so that PGHOSTADDR, PGPORT or PGOPTIONS in the environment have no effect.
    return psycopg2.connect(
        host=str(home.socket_folder),
        hostaddr="",
        port=PORT,
        user="postgres",
        dbname="postgres",
        connect_timeout=10,
        options="",
    )


def ensure_running(home: Home) -> None:
    """Start the home's server unless it runs, and return when it answers. Raises EmbeddedDatabaseError and OSError."""
    deadline = time.monotonic() + locks.PATIENCE_SECONDS
    while (answer := ask(home)).state != "ours":
        server_lock = locks.try_lock(home.server_lock, fcntl.LOCK_EX) if answer.state == "silence" else None
        if server_lock is not None:
            try:
                _start(home, server_lock)
            finally:
                os.close(server_lock)
            return
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"A PostgreSQL of {home.path} is alive, but gives no usable answer on {home.socket}"
                f" ({answer.reason or 'silence'}); log: {home.log}",
                next_step=f"End the postgres processes that use {home.socket_folder} or {home.data}, or {USE_ANOTHER}",
            )
        time.sleep(locks.POLL_SECONDS)


def stop(home: Home) -> None:
    """Stop the home's server if it runs, and wait until its last process has ended. Raises EmbeddedDatabaseError."""
    deadline = time.monotonic() + locks.PATIENCE_SECONDS
    requested = False
    while locks.is_locked(home.server_lock):
        # Silence while the lock is held means that the server is starting or ending. Its pid file can't be trusted yet.
        if not requested and ask(home).state != "silence":
            find_launcher(home).run("pg_ctl", "stop", "-D", home.data.name, "-m", "fast", "-W", "-s", home=home)
            requested = True
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"The embedded PostgreSQL in {home.path} did not stop within {locks.PATIENCE_SECONDS:.0f} s;"
                f" log: {home.log}",
                next_step=f"End the postgres processes of {home.data}; the data are safe.",
            )
        time.sleep(locks.POLL_SECONDS)
    with suppress(OSError):
        home.socket_folder.rmdir()


def _start(home: Home, server_lock: int) -> None:
    launcher = find_launcher(home)
    prepare_cluster(home, launcher, server_lock)
    _remove_stale_pid_file(home)
    _renew_socket_folder(home, launcher)
    log_bytes = _open_log(home, launcher)
    settings = {**_SETTINGS, "unix_socket_directories": str(home.socket_folder)}
    options = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    patience = f"{locks.PATIENCE_SECONDS:.0f}"
    # Plain names, not paths: pg_ctl puts them into a shell command, and the path of a home may hold any character.
    started = launcher.run(
        *("pg_ctl", "start", "-D", home.data.name, "-l", home.log.name, "-w", "-s", "-t", patience, "-o", options),
        home=home,
        inherited=(server_lock,),
    )
    answer = ask(home)
    if started.returncode or answer.state != "ours":
        logged = home.log.read_bytes()[log_bytes:].decode(errors="replace")
        raise program_failure(home, "PostgreSQL did not start", logged or f"{started.stderr}\n{answer.reason}")


def _remove_stale_pid_file(home: Home) -> None:
    # We hold the server lock, so no server that we started is alive. One that was started by hand would answer.
    lines = _pid_file(home)
    if len(lines) > 4 and lines[4] and _accepts(Path(lines[4], f".s.PGSQL.{lines[3]}")):
        raise EmbeddedDatabaseError(
            f"A PostgreSQL server that this program did not start already runs on {home.data} (process {lines[0]}).",
            next_step=f"Stop that server, or {USE_ANOTHER}",
        )
    (home.data / "postmaster.pid").unlink(missing_ok=True)


def _renew_socket_folder(home: Home, launcher: Launcher) -> None:
    folder = home.socket_folder
    # The folder is created at each start. mkdir fails if another account creates it first, so it is always ours.
    with suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(folder)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise EmbeddedDatabaseError(
            f"{folder} is needed for the server's socket, but something else has that name.",
            next_step=f"Delete {folder}.",
        ) from error
    launcher.give(folder)


def _open_log(home: Home, launcher: Launcher) -> int:
    """Make sure that the server can write its log. Return the number of bytes already in it."""
    os.close(os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600))
    launcher.give(home.log)
    return home.log.stat().st_size


def _is_private(home: Home) -> bool:
    try:
        folder, data = home.socket_folder.lstat(), home.data.stat()
    except FileNotFoundError:
        return False
    return folder.st_uid == data.st_uid and (folder.st_mode & 0o170077) == 0o040000


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _pid_file_of_the_server(home: Home) -> list[str]:
    with closing(connect(home)) as session, session.cursor() as cursor:
        cursor.execute("SELECT pg_read_file('postmaster.pid')")
        row = cursor.fetchone()
    return str(row[0]).splitlines() if row else []


def _pid_file(home: Home) -> list[str]:
    """Return its lines (process, data folder, start, port, socket folder, …), or none when there is no such file."""
    with suppress(FileNotFoundError):
        return (home.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    return []
