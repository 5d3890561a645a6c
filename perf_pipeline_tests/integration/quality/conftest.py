"""The good months in one database that the tests of the checks share.

Its tables have neither keys nor NOT NULL, so that the checks are all that stands in the way of a bad row.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.checks import CHECKED
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline.warehouse.tables import METADATA, TABLES
from perf_pipeline_tests.integration.quality.good_months import FULL, fill
from perf_pipeline_tests.systems import systems_with


@pytest.fixture(scope="session")
def _open_warehouse(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    engine = warehouse_engine(postgres.ensure_database("without_constraints"))
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA good"))
        for name in FULL:
            fill(connection, name)
            connection.execute(text(f"CREATE TABLE good.{name} AS SELECT * FROM perf.{name}"))
        for name in CHECKED:
            connection.execute(text(f"ALTER TABLE perf.{name} DROP CONSTRAINT {name}_pkey"))
            for column in TABLES[name].columns:
                connection.execute(text(f"ALTER TABLE perf.{name} ALTER {column.name} DROP NOT NULL"))
    yield engine
    engine.dispose()


@pytest.fixture
def good_warehouse(_open_warehouse: Engine) -> Engine:
    """A warehouse with the good months and nothing else, for tests that change rows and no table."""
    with _open_warehouse.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(METADATA.tables)}"))
        for name in FULL:
            connection.execute(text(f"INSERT INTO perf.{name} SELECT * FROM good.{name}"))
    return _open_warehouse


@pytest.fixture
def good(good_warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems around the good months."""
    return systems_with(good_warehouse, tmp_path)
