"""Starts and stops the one PostgreSQL server of a home. The caller holds the home's gate.

Here: initdb, the server's settings, pg_ctl, and the judgement whether the server runs and is ours. Not here: who may
still need it (`embedded_postgres`), locks and paths (`embedded_home`), how to run a binary (`embedded_launcher`).

Running is what answers on our socket and proves, by the pid file that it reads itself, that its data folder is ours.
Alive is what holds the server lock, which every process of the server inherits: as long as it is held nobody starts
a second server on the data, and once it is free a pid file is stale, whatever living process it may name.
"""

import fcntl
import os
import re
import shlex
import shutil
import socket
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, NamedTuple

import psycopg2
from psycopg2.extensions import connection

from perf_pipeline.demo import embedded_home
from perf_pipeline.demo.embedded_home import PORT, Home, is_locked, try_lock
from perf_pipeline.demo.embedded_launcher import MAJOR_VERSION, Launcher, find_launcher
from perf_pipeline.errors import EmbeddedDatabaseError

_SETTINGS = {
    # Reached through its private socket alone.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    # Quick bulk loads that a crash can't corrupt. A crash may take the last transactions back as a whole, which is
    # harmless here: every load is idempotent, and the next run sees what is missing.
    "fsync": "on",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    "autovacuum": "on",
    # Compiling costs more than it saves on queries of this size.
    "jit": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The server's own life only: messages of statements can quote rows, and rows can hold personal data.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",  # the socket's folder, mode 0700, is the lock on the door
    "--encoding=UTF8",
    # C.UTF-8 as PostgreSQL's own provider brings it: the same on every machine, whatever its C library knows.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
_NEW_CLUSTER_PREFIX = "postgres.new-"
_NOISE = re.compile(r"Examine the log|removing |is shut down|starting PostgreSQL|listening on|exit code")
_STAMP = re.compile(r"^\d{4}-\S+ \S+ UTC \[\d+\] ")
_WAIT_SECONDS = 0.02
_ELSEWHERE = "set PERF_HOME to another folder, or PERF_DATABASE_URL to a PostgreSQL of your own."


class Answer(NamedTuple):
    """What a connection to the socket found: `ours`, nothing (`silence`) or something unusable (`other`), and why."""

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
    """Connect to the database `postgres` of what answers on the home's socket. Raises psycopg2.Error."""
    # Empty or explicit values, so that PGHOSTADDR, PGPORT or PGOPTIONS of the environment don't lead elsewhere.
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
    """Return when the home's server answers, started if need be. Raises EmbeddedDatabaseError and OSError."""
    deadline = time.monotonic() + embedded_home.PATIENCE_SECONDS
    while (answer := ask(home)).state != "ours":
        alive = try_lock(home.server_lock, fcntl.LOCK_EX) if answer.state == "silence" else None
        if alive is not None:
            try:
                _start(home, alive)
            finally:
                os.close(alive)
            return
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"A PostgreSQL of {home.path} lives, but gives no usable answer on {home.socket}"
                f" ({answer.reason or 'silence'}); log: {home.log}",
                next_step=f"End the postgres processes that use {home.socket_folder} or {home.data}, or {_ELSEWHERE}",
            )
        time.sleep(_WAIT_SECONDS)


def stop(home: Home) -> None:
    """Stop the home's server, if it runs, and wait until its last process is gone. Raises EmbeddedDatabaseError."""
    deadline = time.monotonic() + embedded_home.PATIENCE_SECONDS
    asked = False
    while is_locked(home.server_lock):
        # Silence with the lock held is a start or an end in progress: the pid file can't be trusted then.
        if not asked and ask(home).state != "silence":
            find_launcher(home).run("pg_ctl", "stop", "-D", home.data.name, "-m", "fast", "-W", "-s", home=home)
            asked = True
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"The embedded PostgreSQL in {home.path} did not stop within {embedded_home.PATIENCE_SECONDS:.0f} s;"
                f" log: {home.log}",
                next_step=f"End the postgres processes of {home.data}; the data are safe.",
            )
        time.sleep(_WAIT_SECONDS)
    with suppress(OSError):
        home.socket_folder.rmdir()


def _start(home: Home, alive: int) -> None:
    launcher = find_launcher(home)
    if home.data.exists():
        _check_version(home)
    else:
        _create_cluster(home, launcher, alive)
    _hand_over_cluster(home, launcher)
    _remove_stale_pid_file(home)
    _renew_socket_folder(home, launcher)
    already_logged = _open_log(home, launcher)
    options = shlex.join(
        word
        for name, value in {**_SETTINGS, "unix_socket_directories": str(home.socket_folder)}.items()
        for word in ("-c", f"{name}={value}")
    )
    patience = f"{embedded_home.PATIENCE_SECONDS:.0f}"
    # Names without folders: pg_ctl pastes them into a shell line, where a home may hold any character.
    started = launcher.run(
        *("pg_ctl", "start", "-D", home.data.name, "-l", home.log.name, "-w", "-s", "-t", patience, "-o", options),
        home=home,
        inherited=(alive,),
    )
    answer = ask(home)
    if started.returncode or answer.state != "ours":
        logged = home.log.read_bytes()[already_logged:].decode(errors="replace")
        _fail(home, "PostgreSQL did not start", logged or f"{started.stderr}\n{answer.reason}")


def _create_cluster(home: Home, launcher: Launcher, alive: int) -> None:
    """Run initdb beside the target and rename the result, so that half a cluster never has the cluster's name."""
    for leftover in home.path.glob(f"{_NEW_CLUSTER_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=_NEW_CLUSTER_PREFIX, dir=home.path))
    try:
        _give(new, launcher)
        made = launcher.run("initdb", "-D", new.name, *_INITDB_OPTIONS, home=home, inherited=(alive,))
        if made.returncode:
            with suppress(OSError), home.log.open("a", encoding="utf-8") as log:
                log.write(f"{made.stdout}\n{made.stderr}")
            _fail(home, "initdb could not create a cluster", made.stderr)
        new.rename(home.data)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _check_version(home: Home) -> None:
    file = home.data / "PG_VERSION"
    found = file.read_text(encoding="utf-8").strip() if file.exists() else "unknown"
    if found != str(MAJOR_VERSION):
        raise EmbeddedDatabaseError(
            f"{home.data} holds a cluster of PostgreSQL version {found}; expected {MAJOR_VERSION}.",
            next_step=f"Delete the folder {home.data} (the next run builds it anew), or {_ELSEWHERE}",
        )


def _hand_over_cluster(home: Home, launcher: Launcher) -> None:
    owner = home.data.stat().st_uid
    if owner == launcher.uid:
        return
    if os.geteuid() != 0 or home.data.is_symlink():
        raise EmbeddedDatabaseError(
            f"{home.data} belongs to account {owner}, not to account {launcher.uid} that runs this.",
            next_step=f"Run as the owner or as root, or {_ELSEWHERE}",
        )
    for folder, _, files in os.walk(home.data):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            _give(path, launcher)


def _remove_stale_pid_file(home: Home) -> None:
    # We hold the server lock, so no server of ours lives; one that somebody started by hand would answer.
    lines = _pid_file(home)
    if len(lines) > 4 and lines[4] and _accepts(Path(lines[4], f".s.PGSQL.{lines[3]}")):
        raise EmbeddedDatabaseError(
            f"A PostgreSQL server that this program did not start already runs on {home.data} (process {lines[0]}).",
            next_step=f"Stop that server, or {_ELSEWHERE}",
        )
    (home.data / "postmaster.pid").unlink(missing_ok=True)


def _renew_socket_folder(home: Home, launcher: Launcher) -> None:
    folder = home.socket_folder
    # Made anew each time: mkdir fails if anybody else puts something there, so what it makes is ours alone.
    with suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(folder)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise EmbeddedDatabaseError(
            f"{folder}, the place of the server's socket, is taken by something else.",
            next_step=f"Delete {folder}.",
        ) from error
    _give(folder, launcher)


def _open_log(home: Home, launcher: Launcher) -> int:
    """Make sure that the server can write its log; return the number of bytes already in it."""
    descriptor = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, launcher.uid, launcher.gid)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _give(path: Path, launcher: Launcher) -> None:
    if os.geteuid() == 0:
        os.chown(path, launcher.uid, launcher.gid, follow_symlinks=False)


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
    """Return its lines: process, data folder, start, port, socket folder, …; none when there is no such file."""
    with suppress(FileNotFoundError):
        return (home.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def _fail(home: Home, what: str, said: str) -> None:
    lines = [_STAMP.sub("", line).strip() for line in said.splitlines() if not _NOISE.search(line)]
    gist = " / ".join([line for line in lines if line][-3:])[-400:]
    raise EmbeddedDatabaseError(
        f"{what} in {home.path}: {gist or 'it said nothing'}; log: {home.log}",
        next_step=f"Put right what the log names (space, rights), or {_ELSEWHERE}",
    )
