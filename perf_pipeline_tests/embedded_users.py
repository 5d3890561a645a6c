"""Other processes that use an embedded PostgreSQL, and what can be seen of its server from outside."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2

from perf_pipeline import errors
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.locks import is_locked

NOBODY = 65534
_REPOSITORY = Path(errors.__file__).parents[1]
_USE = """
import os, signal, sys
from pathlib import Path
from perf_pipeline.embedded_postgres import embedded_postgres
from perf_pipeline_tests.embedded_users import started_at
# A process started in the background of a shell ignores interrupts, and so would its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
if len(sys.argv) > 2:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
with embedded_postgres(Path(sys.argv[1])) as server:
    print(started_at(server), flush=True)
    sys.stdin.read()
"""


def start_user(
    home: Path,
    *,
    account: int | None = None,
    prefix: tuple[str, ...] = (),
    packages: Path = _REPOSITORY,
    variables: dict[str, str] | None = None,
) -> "subprocess.Popen[str]":
    """Start a process that uses a home until its input ends. It looks for the PostgreSQL programs in `packages` first.

    It prints when the server was started. Root can let it switch to another account.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "PYTHONPATH": f"{packages}:{_REPOSITORY}", **(variables or {})}
    command = [*prefix, sys.executable, "-W", "error", "-c", _USE, str(home), *([str(account)] if account else [])]
    return subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, stderr=-1, text=True)


def wait_until_running(user: "subprocess.Popen[str]") -> str:
    """Return when the server that the process uses was started."""
    assert user.stdout is not None
    start = user.stdout.readline().strip()
    assert start, end(user)
    return start


def end(user: "subprocess.Popen[str]") -> str:
    """End the input of the process, wait for its end, and return what it printed, errors last."""
    out, err = user.communicate(timeout=200)
    return out.strip() + err


def query(url: str, statement: str) -> str:
    """Return the first column of the first row, as text."""
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def started_at(server: EmbeddedPostgres) -> str:
    """Return an instant that differs between two starts of the same home."""
    return query(server.url(), "SELECT pg_postmaster_start_time()::text")


def postmaster(home: Path) -> int:
    """Return the process id of the server."""
    return int((home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def is_stopped(home: Path) -> bool:
    """Tell whether every process of the home's server has ended."""
    return not is_locked(Home(home).server_lock)
