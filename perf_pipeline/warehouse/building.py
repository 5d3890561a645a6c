"""One builder at a time: whoever plans and builds days holds the warehouse's building lock until it is done.

Stages lock their own tables, so two builders at once would be right as well, but each would build what the other has
just built. The lock belongs to a connection of its own: it goes when the process goes, however it ends.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from perf_pipeline.warehouse.engine import APPLICATION_NAME, CONNECT_SECONDS, unreachable

WAITING = "Another run is building; waiting until it ends …"
_LOOK_EVERY_SECONDS = 0.5


@contextmanager
def building(warehouse: Engine, progress: Callable[[str], None]) -> Iterator[None]:
    """Wait until nobody else builds, then hold the building lock; `progress` is told when there is a wait.

    Not for use within itself: a process would wait for its own lock. Raises WarehouseError when the warehouse does not
    answer.
    """
    engine = create_engine(
        warehouse.url,
        poolclass=NullPool,
        # A session whose server has gone can't be rolled back, and there is nothing in it to roll back.
        pool_reset_on_return=None,
        # A transaction that is open for hours would keep the server from tidying up.
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": f"{APPLICATION_NAME} building",
            # Nothing else passes on it for as long as the run lasts.
            "keepalives_idle": 30,
        },
    )
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise unreachable(warehouse, error) from None
    try:
        if not _is_ours(connection):
            progress(WAITING)
            # Asking again and again, since a process that waits inside the server can't be told to stop.
            while not _is_ours(connection):
                time.sleep(_LOOK_EVERY_SECONDS)
        yield
    finally:
        connection.close()


def _is_ours(connection: Connection) -> bool:
    statement = "SELECT pg_try_advisory_lock(hashtext('perf_pipeline'), hashtext('building'))"
    return bool(connection.execute(text(statement)).scalar_one())
