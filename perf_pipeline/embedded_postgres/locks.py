"""File locks between the processes that use the embedded PostgreSQL. `home` says which lock means what."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.errors import EmbeddedDatabaseError

PATIENCE_SECONDS = 120.0
"""How long a start or a stop may take on a small, busy machine."""

POLL_SECONDS = 0.02
"""The pause between two looks at a lock or a socket."""


def try_lock(file: Path, operation: int) -> int | None:
    """Return an open descriptor that holds LOCK_SH or LOCK_EX on `file`, or None if another process prevents it.

    Closing the descriptor releases the lock, unless a child process inherited it.
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
    """Tell whether any process holds a lock on `file`."""
    descriptor = try_lock(file, fcntl.LOCK_EX)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def gate(home: Home) -> Iterator[None]:
    """Hold the exclusive right to start or stop the server and to begin or end its use. Waits for other holders.

    Raises EmbeddedDatabaseError after twice `PATIENCE_SECONDS`: the holder may wait for a stop and then for a start.
    """
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while (descriptor := try_lock(home.gate_lock, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedDatabaseError(
                f"Another process has been starting or stopping the embedded PostgreSQL in {home.path} for too long.",
                next_step=f"End the process that holds {home.gate_lock} (see `lsof`), then try again.",
            )
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)
