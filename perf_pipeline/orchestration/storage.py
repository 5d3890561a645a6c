"""Dagster's storage: PostgreSQL at PERF_DAGSTER_DATABASE_URL, by default beside the warehouse.

dagster.yaml can read a variable but knows no default. With this class every Dagster process, whoever starts it, works
with no variable set: it keeps the embedded PostgreSQL up for as long as it lives.
"""

import atexit
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster_postgres import DagsterPostgresStorage, PostgresRunStorage
from sqlalchemy import NullPool, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError

from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.errors import WarehouseError
from perf_pipeline.flow.dagster_private import ConfigurableClassData
from perf_pipeline.settings import Settings, load_settings
from perf_pipeline.warehouse.engine import CONNECT_SECONDS, first_line, transaction, warehouse_engine

DAGSTER_SCHEMA = "perf_dagster"


class PipelineStorage(DagsterPostgresStorage):
    """Dagster's own PostgreSQL storage, told where its database is by the settings."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the settings say all."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PipelineStorage":
        """Make the storage; dagster.yaml gives nothing but the name of this class."""
        url = dagster_url(load_settings())
        return cls(
            url, should_autocreate_tables=config_value.get("should_autocreate_tables", True), inst_data=inst_data
        )


def dagster_url(settings: Settings) -> str:
    """The URL of Dagster's storage, with the driver named. An embedded database runs until this process ends."""
    if settings.dagster_database_url is not None:
        return settings.dagster_database_url.get_secret_value()
    if settings.database_url is not None:
        _make_schema(settings.database_url.get_secret_value())
        return _beside_the_warehouse(settings.database_url.get_secret_value())
    from perf_pipeline.demo.world import embedded_databases

    stack = ExitStack()
    _, url = stack.enter_context(embedded_databases(settings))
    atexit.register(stack.close)
    return url


@contextmanager
def stored_runs(settings: Settings) -> Iterator[PostgresRunStorage | None]:
    """The storage of runs, to read what is there; None where no run was ever stored. Nothing is made or started.

    The embedded PostgreSQL must be up.
    """
    url = _url_to_read(settings)
    # Not the engine of the warehouse, whose options would replace the schema that the URL names.
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        is_there = inspect(engine).has_table("runs")
    except DBAPIError as error:
        raise storage_broke_off(error) from None
    yield PostgresRunStorage(url, should_autocreate_tables=False) if is_there else None


def storage_broke_off(error: Exception) -> WarehouseError:
    """The error for a storage of Dagster that can't be used."""
    return WarehouseError(
        f"Dagster's storage refused or broke off: {first_line(error.__cause__ or error)}.",
        next_step="run the same command again; if that fails too, check the server of PERF_DAGSTER_DATABASE_URL.",
    )


def _url_to_read(settings: Settings) -> str:
    if settings.dagster_database_url is not None:
        return settings.dagster_database_url.get_secret_value()
    if settings.database_url is not None:
        return _beside_the_warehouse(settings.database_url.get_secret_value())
    from perf_pipeline.demo.world import DAGSTER

    return EmbeddedPostgres(Home(settings.home)).url(DAGSTER)


def _beside_the_warehouse(url: str) -> str:
    """The warehouse's database, in a schema of Dagster's own.

    The database may be a service's own, and Dagster's tables have names (`runs`, `alembic_version`) that it may use too.
    """
    own = make_url(url).update_query_dict({"options": f"-csearch_path={DAGSTER_SCHEMA}"})
    return own.render_as_string(hide_password=False)


def _make_schema(url: str) -> None:
    engine = warehouse_engine(url)
    try:
        with transaction(engine) as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock(hashtext('{DAGSTER_SCHEMA}'))"))
            known = connection.execute(text("SELECT to_regnamespace(:name)"), {"name": DAGSTER_SCHEMA}).scalar_one()
            if known is None:
                connection.execute(text(f"CREATE SCHEMA {DAGSTER_SCHEMA}"))
    except ProgrammingError as error:
        raise WarehouseError(
            f"Dagster's schema {DAGSTER_SCHEMA} can't be made: {first_line(error)}.",
            next_step="grant CREATE on that database to the user of PERF_DATABASE_URL, or set PERF_DAGSTER_DATABASE_URL.",
        ) from None
    finally:
        engine.dispose()
