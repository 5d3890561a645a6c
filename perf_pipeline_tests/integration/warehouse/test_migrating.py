"""Migrations bring any database to what the catalogue says, and touch nothing outside of schema perf."""

import threading
from collections.abc import Callable, Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.errors import WarehouseError
from perf_pipeline.warehouse.engine import check_warehouse, transaction, warehouse_engine
from perf_pipeline.warehouse.migrating import VERSION_TABLE, check_migrated, migrate, newest_version
from perf_pipeline.warehouse.tables import METADATA, SCHEMA


@pytest.fixture
def empty(new_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database with nothing in it."""
    engine = warehouse_engine(new_database("template0"))
    yield engine
    engine.dispose()


def run(engine: Engine, statement: str) -> None:
    with transaction(engine) as connection:
        connection.execute(text(statement))


def test_an_empty_database_goes_to_the_newest_version(empty: Engine) -> None:
    assert migrate(empty) == (None, newest_version())
    check_migrated(empty)
    check_warehouse(empty)


def test_migrating_again_changes_nothing(empty: Engine) -> None:
    migrate(empty)
    run(empty, "INSERT INTO perf.warehouse_facts VALUES ('a fact', 'kept')")
    assert migrate(empty) == (newest_version(), newest_version())
    with transaction(empty) as connection:
        assert connection.execute(text("SELECT value FROM perf.warehouse_facts")).scalars().all() == ["kept"]


def test_a_migrated_database_is_what_the_catalogue_says(warehouse: Engine) -> None:
    options = {
        "version_table": VERSION_TABLE,
        "version_table_schema": SCHEMA,
        "include_schemas": True,
        "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
    }
    with transaction(warehouse) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []


def test_the_catalogue_s_descriptions_stand_in_the_database(warehouse: Engine) -> None:
    tables = text(
        "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class WHERE relnamespace = 'perf'::regnamespace"
    )
    columns = text(
        "SELECT table_name, column_name, col_description(format('perf.%I', table_name)::regclass, ordinal_position)"
        " FROM information_schema.columns WHERE table_schema = 'perf'"
    )
    with transaction(warehouse) as connection:
        of_tables = {str(name): said for name, said in connection.execute(tables)}
        of_columns = {(str(table), str(column)): said for table, column, said in connection.execute(columns)}
    for name, dataset in DATASETS.items():
        assert of_tables[name] == f"{dataset.description} Grain: {dataset.grain}."
        assert all(of_columns[name, column.name] == column.description for column in dataset.columns)


def test_an_unmigrated_database_is_told_what_to_do(empty: Engine) -> None:
    with pytest.raises(WarehouseError, match=r"holds no tables of ours yet\. Next step: run perf-pipeline migrate\."):
        check_migrated(empty)


def test_an_older_database_is_told_what_to_do(warehouse: Engine) -> None:
    run(warehouse, "UPDATE perf.alembic_version SET version_num = '0001'")
    with pytest.raises(WarehouseError, match=r"is at version 0001; this code needs .* run perf-pipeline migrate\."):
        check_migrated(warehouse)


@pytest.mark.parametrize("act", [check_migrated, migrate])
def test_a_database_of_newer_code_is_left_alone(warehouse: Engine, act: Callable[[Engine], object]) -> None:
    run(warehouse, "UPDATE perf.alembic_version SET version_num = '9999'")
    with pytest.raises(WarehouseError, match=r"version 9999, which this code does not know.*install the newer"):
        act(warehouse)


def test_two_migrations_at_once_end_in_one_database_that_both_are_content_with(empty: Engine) -> None:
    outcomes: list[object] = []

    def run_one() -> None:
        try:
            outcomes.append(migrate(empty))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run_one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = newest_version()
    assert sorted(outcomes, key=str) == sorted([(None, newest), (newest, newest), (newest, newest)], key=str)


def test_what_was_there_before_stays_and_nothing_is_put_beside_it(empty: Engine) -> None:
    run(empty, "CREATE TABLE public.alembic_version (version_num text)")
    run(empty, "INSERT INTO public.alembic_version VALUES ('of the service')")
    migrate(empty)
    with transaction(empty) as connection:
        kept = connection.execute(text("SELECT version_num FROM public.alembic_version")).scalars().all()
        others = connection.execute(
            text(
                "SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
                " WHERE nspname NOT IN ('perf', 'pg_catalog', 'information_schema', 'pg_toast')"
            )
        )
        assert others.scalars().all() == ["public.alembic_version"]
    assert kept == ["of the service"]


def test_a_user_without_the_right_to_create_is_told_plainly_and_nothing_is_half_made(empty: Engine) -> None:
    role = f"reader_of_{empty.url.database}"
    run(empty, f"CREATE ROLE {role} LOGIN")
    poor = warehouse_engine(empty.url.set(username=role).render_as_string(hide_password=False))
    try:
        with pytest.raises(
            WarehouseError, match=r"can't be migrated.*permission denied for database.*the right to create"
        ):
            migrate(poor)
    finally:
        poor.dispose()
        run(empty, f"DROP ROLE {role}")
    with pytest.raises(WarehouseError, match="holds no tables of ours yet"):
        check_migrated(empty)


def test_a_warehouse_that_does_not_answer_is_named_without_its_user_or_password() -> None:
    engine = warehouse_engine("postgresql+psycopg2://somebody:sekret@127.0.0.1:1/perf")
    with pytest.raises(WarehouseError, match=r"The warehouse \(perf on 127\.0\.0\.1:1\) can't be reached") as refused:
        check_migrated(engine)
    assert "somebody" not in str(refused.value)
    assert "sekret" not in str(refused.value)
    assert "\n" not in str(refused.value)
