"""Runs migrations on the connection that `migrate` gives; Alembic imports this file."""

from alembic import context

from perf_pipeline.warehouse.migrating import VERSION_TABLE
from perf_pipeline.warehouse.tables import METADATA, SCHEMA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
)
context.run_migrations()
