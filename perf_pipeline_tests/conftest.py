"""Shared parts of the tests: a real PostgreSQL, a migrated warehouse for each test, an empty Make an LPA database."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from perf_pipeline.demo.lpa_database import statement
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests import commands
from perf_pipeline_tests.commands import Call, Called, Place
from perf_pipeline_tests.extracting import LpaDatabase, Sirius
from perf_pipeline_tests.sirius import TODAY
from perf_pipeline_tests.systems import of_make_an_lpa, systems_with

_TEMPLATE = "warehouse_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL, one for the whole session."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def warehouse_template(postgres: EmbeddedPostgres) -> str:
    """A migrated, empty warehouse to copy."""
    engine = warehouse_engine(postgres.ensure_database(_TEMPLATE))
    migrate(engine)
    engine.dispose()
    return _TEMPLATE


@pytest.fixture
def new_database(postgres: EmbeddedPostgres) -> Iterator[Callable[[str], str]]:
    """Make a database as a copy of the given one; its URL. Dropped after the test."""
    made: list[str] = []

    def copy_of(template: str) -> str:
        name = f"test_{next(_numbers)}"
        _administer(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
        made.append(name)
        return postgres.url(name)

    yield copy_of
    for name in made:
        _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def warehouse_url(new_database: Callable[[str], str], warehouse_template: str) -> str:
    """A migrated, empty warehouse of the test's own."""
    return new_database(warehouse_template)


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Engine]:
    """An engine for the test's warehouse."""
    engine = warehouse_engine(warehouse_url)
    yield engine
    engine.dispose()


@pytest.fixture
def lpa_database_url(new_database: Callable[[str], str]) -> str:
    """A Make an LPA database with the real tables and no rows."""
    return _with_lpa_tables(new_database("template0"))


@pytest.fixture
def lpa_database(lpa_database_url: str) -> Iterator[psycopg2_connection]:
    """A connection that commits each statement to the test's Make an LPA database."""
    connection = connect(lpa_database_url)
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def _kept_warehouse(postgres: EmbeddedPostgres, warehouse_template: str) -> Iterator[Engine]:
    name = f"{warehouse_template}_kept"
    _administer(postgres, f"CREATE DATABASE {name} TEMPLATE {warehouse_template}")
    engine = warehouse_engine(postgres.url(name))
    yield engine
    engine.dispose()


@pytest.fixture
def emptied_warehouse(_kept_warehouse: Engine) -> Iterator[Engine]:
    """A warehouse that tests share one after the other, for those that change rows and nothing else: quick to get."""
    yield _kept_warehouse
    with _kept_warehouse.begin() as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())


@pytest.fixture(scope="session")
def _kept_lpa_database_url(postgres: EmbeddedPostgres) -> str:
    return _with_lpa_tables(postgres.ensure_database("lpa_kept"))


@pytest.fixture
def emptied_lpa_database_url(_kept_lpa_database_url: str) -> Iterator[str]:
    """A Make an LPA database that tests share one after the other, for those that change rows and nothing else."""
    yield _kept_lpa_database_url
    connection = connect(_kept_lpa_database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE applications, feedback RESTART IDENTITY")
    connection.close()


@pytest.fixture
def lpa(emptied_warehouse: Engine, emptied_lpa_database_url: str) -> Iterator[LpaDatabase]:
    """An empty Make an LPA database and an empty warehouse."""
    connection = connect(emptied_lpa_database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield LpaDatabase(emptied_warehouse, emptied_lpa_database_url, cursor)
    connection.close()


@pytest.fixture(scope="session")
def _sirius() -> Iterator[tuple[str, SiriusBehaviour]]:
    behaviour = SiriusBehaviour()
    with sirius_server(today=lambda: TODAY, behaviour=behaviour) as url:
        yield url, behaviour


@pytest.fixture
def behaviour(_sirius: tuple[str, SiriusBehaviour]) -> SiriusBehaviour:
    """How the stand-in for Sirius answers: without faults, unless the test plays some."""
    behaviour = _sirius[1]
    vars(behaviour).update(vars(SiriusBehaviour(hiccup_every=0)))
    return behaviour


@pytest.fixture
def sirius_url(_sirius: tuple[str, SiriusBehaviour], behaviour: SiriusBehaviour) -> str:  # noqa: ARG001 - resets it
    """A stand-in for Sirius that tests share one after the other, over real HTTP."""
    return _sirius[0]


@pytest.fixture
def sirius(emptied_warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour) -> Sirius:
    """The stand-in for Sirius and an empty warehouse."""
    return Sirius(emptied_warehouse, sirius_url, behaviour)


@pytest.fixture
def systems(warehouse: Engine, lpa_database_url: str, tmp_path: Path) -> Systems:
    """The test's systems: its warehouse, its Make an LPA database, an empty exports folder, no Sirius."""
    exports_dir = tmp_path / "exports"
    exports_dir.mkdir()
    addresses = of_make_an_lpa(lpa_database_url) | {"done-page": str(exports_dir)}
    return systems_with(warehouse, tmp_path, addresses=addresses)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, "subprocess.CompletedProcess[str]"]:
    """A place in which `perf-pipeline nightly` ran once, from nothing to its end, and how that went."""
    place = Place(tmp_path_factory.mktemp("undisturbed"), variables={"PERF_DATA_DOCS_PORT": str(commands.free_port())})
    return place, place.run("nightly")


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Run `perf-pipeline` in this process, in folders of the test's own, with the variables given until then alone."""
    known = {
        "PERF_HOME": str(tmp_path / "home"),
        "PERF_PUBLISH_DIR": str(tmp_path / "published"),
        "PERF_NOW": commands.NOW.isoformat(),
    }

    def run(*arguments: str, **variables: str) -> Called:
        known.update(variables)
        return commands.call(*arguments, **known)

    return run


def connect(url: str) -> psycopg2_connection:
    """A plain psycopg2 connection to a SQLAlchemy URL."""
    return psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def _with_lpa_tables(url: str) -> str:
    connection = connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement("lpa_tables") + statement("lpa_indexes"))
    connection.close()
    return url


def _administer(postgres: EmbeddedPostgres, statement: str) -> None:
    connection = connect(postgres.url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
