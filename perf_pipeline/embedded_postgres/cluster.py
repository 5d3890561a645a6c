"""Creates the cluster, the data folder of the embedded PostgreSQL, and makes it ready for the account that runs it.

The caller holds the home's gate and the server lock, so no server uses the data meanwhile.
"""

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.launcher import MAJOR_VERSION, Launcher
from perf_pipeline.errors import EmbeddedDatabaseError

USE_ANOTHER = "set PERF_HOME to another folder, or PERF_DATABASE_URL to a PostgreSQL of your own."

_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",  # the folder of the socket has mode 0700 and lets nobody else in
    "--encoding=UTF8",
    # PostgreSQL's own C.UTF-8 is the same on every machine, whatever the C library has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
_NEW_CLUSTER_PREFIX = "postgres.new-"
_NOISE = re.compile(r"Examine the log|removing |is shut down|starting PostgreSQL|listening on|exit code")
_STAMP = re.compile(r"^\d{4}-\S+ \S+ UTC \[\d+\] ")


def prepare_cluster(home: Home, launcher: Launcher, server_lock: int) -> None:
    """Create the cluster if there is none, check its version, and give it to the account of the launcher.

    initdb inherits the descriptor `server_lock`. Raises EmbeddedDatabaseError and OSError.
    """
    if home.data.exists():
        _check_version(home)
    else:
        _create(home, launcher, server_lock)
    _hand_over(home, launcher)


def program_failure(home: Home, what: str, output: str) -> EmbeddedDatabaseError:
    """Return the error for a PostgreSQL program that failed, with the last lines of its output that say why."""
    lines = [_STAMP.sub("", line).strip() for line in output.splitlines() if not _NOISE.search(line)]
    gist = " / ".join([line for line in lines if line][-3:])[-400:]
    return EmbeddedDatabaseError(
        f"{what} in {home.path}: {gist or 'it gave no reason'}; log: {home.log}",
        next_step=f"Correct what the log names (space, permissions), or {USE_ANOTHER}",
    )


def _create(home: Home, launcher: Launcher, server_lock: int) -> None:
    # initdb works in a temporary folder, which is renamed when it is complete. A killed initdb leaves no half cluster.
    for leftover in home.path.glob(f"{_NEW_CLUSTER_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=_NEW_CLUSTER_PREFIX, dir=home.path))
    try:
        launcher.give(new)
        created = launcher.run("initdb", "-D", new.name, *_INITDB_OPTIONS, home=home, inherited=(server_lock,))
        if created.returncode:
            with suppress(OSError), home.log.open("a", encoding="utf-8") as log:
                log.write(f"{created.stdout}\n{created.stderr}")
            raise program_failure(home, "initdb could not create a cluster", created.stderr)
        new.rename(home.data)
    finally:
        _remove(new)


def _remove(folder: Path) -> None:
    """Remove the folder of an initdb that failed or was interrupted. Its child may still write there for a moment."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _check_version(home: Home) -> None:
    file = home.data / "PG_VERSION"
    found = file.read_text(encoding="utf-8").strip() if file.exists() else "unknown"
    if found != str(MAJOR_VERSION):
        raise EmbeddedDatabaseError(
            f"{home.data} holds a cluster of PostgreSQL version {found}; expected {MAJOR_VERSION}.",
            next_step=f"Delete the folder {home.data} (the next run creates a new one), or {USE_ANOTHER}",
        )


def _hand_over(home: Home, launcher: Launcher) -> None:
    owner = home.data.stat().st_uid
    if owner == launcher.uid:
        return
    if os.geteuid() != 0 or home.data.is_symlink():
        raise EmbeddedDatabaseError(
            f"{home.data} belongs to account {owner}, but the server must run as account {launcher.uid}.",
            next_step=f"Run as the owner or as root, or {USE_ANOTHER}",
        )
    for folder, _, files in os.walk(home.data):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            launcher.give(path)
