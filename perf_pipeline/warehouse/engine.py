"""Connections to the warehouse, and the errors for their failures."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from perf_pipeline.errors import WarehouseError

CONNECT_SECONDS = 10
APPLICATION_NAME = "perf_pipeline"
"""The name of our sessions in a server's own views."""
SESSION_OPTIONS = "-c timezone=UTC -c client_encoding=UTF8"
MINIMUM_SERVER_VERSION = 140000


def warehouse_engine(url: str) -> Engine:
    """An engine for the warehouse at `url`. Its sessions use UTC. It does not connect yet."""
    return create_engine(
        url,
        pool_pre_ping=True,
        executemany_mode="values_plus_batch",
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": APPLICATION_NAME,
            "options": SESSION_OPTIONS,
        },
    )


def with_password(url: URL) -> str:
    """The URL with its password, and with spaces encoded: SQLAlchemy does not encode them and libpq 18 refuses them."""
    return url.render_as_string(hide_password=False).replace(" ", "%20")


def address_of(url: str) -> str:
    """Host and database of a URL, for messages: without user and password."""
    parsed = make_url(url)
    asked = parsed.host or parsed.query.get("host") or "localhost"
    host = asked if isinstance(asked, str) else ", ".join(asked)
    return f"{parsed.database} on {host}{f':{parsed.port}' if parsed.port else ''}"


def first_line(error: BaseException) -> str:
    """The first line of a driver's error, without a closing full stop."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")


def check_warehouse(engine: Engine) -> None:
    """Raise WarehouseError unless a PostgreSQL of a supported version answers."""
    with connected(engine) as connection:
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if version < MINIMUM_SERVER_VERSION:
        raise WarehouseError(
            f"The warehouse runs PostgreSQL {version // 10000}; 14 or newer is needed.",
            next_step="point PERF_DATABASE_URL at a newer server.",
        )


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection, closed at the end. Raises WarehouseError, with the address, when the server can't be reached."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise unreachable(engine, error) from None
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction. It is committed at the end and rolled back on any error."""
    with connected(engine) as connection, connection.begin():
        yield connection


def unreachable(engine: Engine, error: DBAPIError) -> WarehouseError:
    """The error for a warehouse that can't be reached."""
    address = address_of(engine.url.render_as_string(hide_password=False))
    return WarehouseError(
        f"The warehouse ({address}) can't be reached: {first_line(error)}.",
        next_step="check PERF_DATABASE_URL and that the server is up, then run the same command again.",
    )
