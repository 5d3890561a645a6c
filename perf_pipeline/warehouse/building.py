"""The building lock of the warehouse. A process that plans and builds days holds it until it has finished.

Stages lock their own tables, so two concurrent builds would also be correct. But each would build what the other has
just built. The lock belongs to a connection of its own, so it is released when the process ends, even if it is killed.
"""

import time
from collections.abc import Callable
from types import TracebackType

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from perf_pipeline.warehouse.engine import APPLICATION_NAME, CONNECT_SECONDS, unreachable

WAITING = "Another run is building; waiting until it ends …"
_LOOK_EVERY_SECONDS = 0.5


class BuildingLock:
    """The lock, not yet acquired. It is released at the end of its block. `progress` is called before a wait."""

    def __init__(self, warehouse: Engine, progress: Callable[[str], None]) -> None:
        self._warehouse = warehouse
        self._progress = progress
        self._connection: Connection | None = None

    def acquire(self) -> None:
        """Wait until no other process builds, then hold the lock. A second call does nothing. Raises WarehouseError."""
        if self._connection is not None:
            return
        self._connection = _connect(self._warehouse)
        if not _is_ours(self._connection):
            self._progress(WAITING)
            # We poll, because a process that waits inside the server can't be interrupted.
            while not _is_ours(self._connection):
                time.sleep(_LOOK_EVERY_SECONDS)

    def is_free(self) -> bool:
        """Whether no process builds. The lock is not taken. Raises WarehouseError."""
        connection = _connect(self._warehouse)
        try:
            return _is_ours(connection)
        finally:
            connection.close()

    def __enter__(self) -> "BuildingLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(warehouse: Engine) -> Connection:
    engine = create_engine(
        warehouse.url,
        poolclass=NullPool,
        # A rollback would fail once the server has stopped, and there is nothing to roll back.
        pool_reset_on_return=None,
        # A transaction that is open for hours would block vacuum.
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": f"{APPLICATION_NAME} building",
            # The connection is idle during the whole run.
            "keepalives_idle": 30,
        },
    )
    try:
        return engine.connect()
    except OperationalError as error:
        raise unreachable(warehouse, error) from None


def _is_ours(connection: Connection) -> bool:
    statement = "SELECT pg_try_advisory_lock(hashtext('perf_pipeline'), hashtext('building'))"
    return bool(connection.execute(text(statement)).scalar_one())
