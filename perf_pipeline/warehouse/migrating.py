"""Migrates schema `perf` by Alembic to the version that this code needs. Nothing outside of that schema changes."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import SetColumnComment, SetTableComment

from perf_pipeline.errors import WarehouseError
from perf_pipeline.warehouse.engine import connected, first_line, transaction
from perf_pipeline.warehouse.tables import METADATA, SCHEMA

VERSION_TABLE = "alembic_version"
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = "perf_pipeline migration"


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Migrate the warehouse to the newest version in one transaction. Returns the versions before and after.

    It can be repeated.
    """
    try:
        with transaction(engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": _LOCK})
            before = version_of(connection)
            _refuse_newer(before)
            if before is None:
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if owns_schema(connection):
                _describe_tables(connection)
            after = version_of(connection)
    except DBAPIError as error:
        raise WarehouseError(
            f"The warehouse can't be migrated, and stays as it was: {first_line(error)}.",
            next_step="give the user of PERF_DATABASE_URL the right to create schema perf and to own its tables.",
        ) from None
    if after is None:
        raise AssertionError("an upgrade to head leaves a version")
    return before, after


def owns_schema(connection: Connection) -> bool:
    """Whether the connected account owns the schema. Only the owner may comment on the tables and grant rights."""
    statement = text("SELECT pg_has_role(current_user, nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = :schema")
    return bool(connection.execute(statement, {"schema": SCHEMA}).scalar())


def _describe_tables(connection: Connection) -> None:
    """Write the catalogue's descriptions into the database as comments, which any SQL client shows."""
    for table in METADATA.tables.values():
        connection.execute(SetTableComment(table))
        for column in table.columns:
            connection.execute(SetColumnComment(column))


def check_migrated(engine: Engine) -> None:
    """Raise WarehouseError unless the warehouse is at the newest version."""
    with connected(engine) as connection:
        found = version_of(connection)
    _refuse_newer(found)
    expected = newest_version()
    if found != expected:
        state = "holds no tables of ours yet" if found is None else f"is at version {found}; this code needs {expected}"
        raise WarehouseError(f"The warehouse {state}.", next_step="run perf-pipeline migrate.")


def _refuse_newer(version: str | None) -> None:
    """Raise WarehouseError for a version without a migration in this code: newer code has made it."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version is not None and version not in known:
        raise WarehouseError(
            f"The warehouse is at version {version}, which this code does not know.",
            next_step="install the newer perf_pipeline that migrated it.",
        )


def newest_version() -> str:
    """The version that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError("there is at least one migration")
    return head


def version_of(connection: Connection) -> str | None:
    """The version of a warehouse. None for an empty database."""
    options = {"version_table": VERSION_TABLE, "version_table_schema": SCHEMA}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
