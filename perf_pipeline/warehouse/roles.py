"""Roles with the fewest rights that their work needs, for `perf-pipeline migrate --roles`.

The roles can't log in. A database administrator grants them to the accounts that do.
"""

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.errors import WarehouseError
from perf_pipeline.warehouse.engine import first_line, transaction
from perf_pipeline.warehouse.migrating import owns_schema
from perf_pipeline.warehouse.tables import METADATA, SCHEMA

READER = "perf_reader"
"""For pages and analysts: may read published figures and nothing else."""
WRITER = "perf_writer"
"""For the nightly runs: may read and write the rows of every table, but not alter a table."""


def grant_roles(engine: Engine) -> tuple[str, ...]:
    """Create the roles that do not exist and grant each its rights on the present tables. It can be repeated.

    Raises WarehouseError when the connected account may not create roles or grant rights.
    """
    try:
        _grant(engine)
    except ProgrammingError as error:
        raise WarehouseError(
            f"The roles could not be made: {first_line(error)}.",
            next_step="run perf-pipeline migrate --roles as an account with the right CREATEROLE.",
        ) from None
    return READER, WRITER


def _grant(engine: Engine) -> None:
    with transaction(engine) as connection:
        # PostgreSQL only warns when an account grants rights that it does not have.
        if not owns_schema(connection):
            raise WarehouseError(
                f"The schema {SCHEMA} belongs to another account, and only that account can grant rights in it.",
                next_step="run perf-pipeline migrate --roles as that account.",
            )
        for role in (READER, WRITER):
            _create(connection, role)
            _run(connection, f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM {role}")
            _run(connection, f"GRANT USAGE ON SCHEMA {SCHEMA} TO {role}")
        for dataset in DATASETS.values():
            if dataset.stage is Stage.PUBLISHED:
                _run(connection, f"GRANT SELECT ON {SCHEMA}.{dataset.name} TO {READER}")
        for table in METADATA.tables.values():
            _run(connection, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.fullname} TO {WRITER}")
        _run(connection, f"GRANT SELECT ON {SCHEMA}.alembic_version TO {WRITER}")


def _create(connection: Connection, role: str) -> None:
    known = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
    if known is None:
        _run(connection, f"CREATE ROLE {role} NOLOGIN")


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
