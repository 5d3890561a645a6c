"""The warehouse, and Dagster's storage, inside the service's own database: nothing else in it changes or is locked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.warehouse.engine import connected, transaction, warehouse_engine
from perf_pipeline_tests.commands import YESTERDAY, Call

FIRST = YESTERDAY - timedelta(days=2)
OURS = {"perf", "perf_dagster"}

# Names that Alembic and Dagster use for tables of their own.
_NEIGHBOURS = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('theirs')",
    "CREATE TABLE runs (id serial PRIMARY KEY, distance numeric)",
    "INSERT INTO runs (distance) VALUES (5), (10)",
    "CREATE TABLE secondary_indexes (name text, migration_completed timestamp)",
    "INSERT INTO secondary_indexes VALUES ('theirs', now())",
    "COMMENT ON TABLE runs IS 'Of the running club'",
    "CREATE SCHEMA archive",
    'CREATE VIEW archive.finished AS SELECT id FROM applications WHERE "completedAt" IS NOT NULL',
    "GRANT SELECT ON applications TO PUBLIC",
)
_FOREIGN = "nspname NOT IN ('perf', 'perf_dagster', 'information_schema') AND nspname !~ '^pg_'"
_SHAPE = {
    "schemas": f"SELECT nspname, nspowner, nspacl::text FROM pg_namespace WHERE {_FOREIGN}",
    "relations": "SELECT c.oid, nspname, relname, relkind, relfilenode, relowner, relacl::text, reloptions"
    f" FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {_FOREIGN}",
    "columns": "SELECT attrelid, attnum, attname, atttypid, attnotnull, attacl::text FROM pg_attribute"
    f" JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE {_FOREIGN}",
    "indexes": f"SELECT indexdef FROM pg_indexes WHERE {_FOREIGN.replace('nspname', 'schemaname')}",
    "constraints": f"SELECT conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
    f" JOIN pg_namespace n ON n.oid = connamespace WHERE {_FOREIGN}",
    "sequences": "SELECT schemaname, sequencename, last_value FROM pg_sequences"
    f" WHERE {_FOREIGN.replace('nspname', 'schemaname')}",
    "comments": "SELECT objoid, objsubid, description FROM pg_description JOIN pg_class c ON c.oid = objoid"
    f" JOIN pg_namespace n ON n.oid = relnamespace WHERE {_FOREIGN}",
    "functions": f"SELECT p.oid, proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {_FOREIGN}",
    "types": f"SELECT t.oid, typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE {_FOREIGN}",
    "triggers": "SELECT tgrelid, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
    f" JOIN pg_namespace n ON n.oid = relnamespace WHERE {_FOREIGN}",
    "extensions": "SELECT extname FROM pg_extension",
    "settings": "SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting",
    "roles": "SELECT rolname, rolsuper FROM pg_roles",
}
_TABLES = (
    "SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
    f" WHERE relkind = 'r' AND {_FOREIGN}"
)
# The transaction that wrote a row stands in it, so that a row written again as it was would show.
_ROWS = "SELECT count(*), md5(string_agg(r.xmin::text || r::text, ',' ORDER BY r::text)) FROM {} AS r"
_LOCKS = text(
    "SELECT relname, mode, application_name FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
    " JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    f" AND backend_type = 'client backend' AND relkind IN ('r', 'S', 'v') AND {_FOREIGN}"
)


@pytest.fixture
def own_database(new_database: Callable[[str], str]) -> str:
    """A small Make an LPA database with neighbours whose names are Dagster's and Alembic's too."""
    url = new_database("template0")
    build_lpa_database(url, FIRST, YESTERDAY, share=0.01)
    with transaction(warehouse_engine(url)) as connection:
        for statement in _NEIGHBOURS:
            connection.execute(text(statement))
    return url


def everything_else(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Shape and rows of all that is not ours."""
    with connected(warehouse_engine(url)) as connection:
        found = {what: sorted(map(tuple, connection.execute(text(query))), key=repr) for what, query in _SHAPE.items()}
        for schema, table in connection.execute(text(_TABLES)).all():
            found[f"rows of {schema}.{table}"] = rows_of(connection, f'"{schema}"."{table}"')
    return found


def rows_of(connection: Connection, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(_ROWS.format(table)))]


@contextmanager
def locks_seen(url: str) -> Iterator[set[tuple[str, str, str]]]:
    """The locks held on relations that are not ours, looked at again and again until the block ends."""
    seen: set[tuple[str, str, str]] = set()
    is_over = threading.Event()

    def look() -> None:
        with connected(warehouse_engine(url)) as connection:
            while not is_over.is_set():
                seen.update(tuple(row) for row in connection.execute(_LOCKS))
                connection.rollback()
                is_over.wait(0.002)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def test_a_run_inside_the_services_own_database_leaves_everything_else_as_it_was_and_unlocked(
    call: Call, own_database: str
) -> None:
    variables = {
        "PERF_DATABASE_URL": own_database,
        "PERF_LPA_DATABASE_URL": own_database,
        "PERF_FIRST_DAY": str(FIRST),
    }
    before = everything_else(own_database)
    with locks_seen(own_database) as seen:
        assert call("migrate", **variables).status == 0
        assert call("nightly", **variables).status == 0
    assert everything_else(own_database) == before
    assert ("applications", "AccessShareLock") in {(relation, mode) for relation, mode, _ in seen}
    assert {lock for lock in seen if lock[1] != "AccessShareLock"} == set()
    with connected(warehouse_engine(own_database)) as connection:
        schemas = set(connection.execute(text("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")).scalars())
        figures = connection.execute(text("SELECT count(*) FROM perf.published_completion_rate")).scalar_one()
    assert schemas == {"public", "archive", "information_schema", *OURS}
    assert figures > 0
