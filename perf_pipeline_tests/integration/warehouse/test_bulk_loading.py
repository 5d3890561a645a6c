"""A bulk load builds the indexes at its end, and leaves them as they were when it fails or is not worth it."""

from datetime import date

import pytest
from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.exc import IntegrityError

from perf_pipeline.warehouse import bulk_loading
from perf_pipeline.warehouse.bulk_loading import bulk_load
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES

TABLE = TABLES["frozen_feedback_counts"]
ROW = {"service": "make-a-lpa", "source": "in-service", "report_date": date(2026, 5, 1)} | dict.fromkeys(
    ("very_satisfied_count", "satisfied_count", "neither_count", "dissatisfied_count", "very_dissatisfied_count"), 1
)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_loading, "_FEWEST_ROWS", 1)


def indexes(connection: Connection) -> set[str]:
    statement = text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'perf' AND tablename = :name")
    return set(connection.execute(statement, {"name": TABLE.name}).scalars())


def test_the_indexes_are_absent_in_the_load_and_the_same_after_it(emptied_warehouse: Engine) -> None:
    with transaction(emptied_warehouse) as connection:
        before = indexes(connection)
        with bulk_load(connection, TABLE, new_rows=1):
            assert indexes(connection) == set()
            connection.execute(insert(TABLE), [ROW])
        assert indexes(connection) == before
        assert len(before) == 2


def load_twice(warehouse: Engine) -> None:
    with transaction(warehouse) as connection, bulk_load(connection, TABLE, new_rows=2):
        connection.execute(insert(TABLE), [ROW, ROW])


def test_a_key_that_is_there_twice_fails_the_load_and_the_indexes_stay(emptied_warehouse: Engine) -> None:
    with transaction(emptied_warehouse) as connection:
        before = indexes(connection)
    with pytest.raises(IntegrityError):
        load_twice(emptied_warehouse)
    with transaction(emptied_warehouse) as connection:
        assert indexes(connection) == before


def test_a_table_with_as_many_rows_keeps_its_indexes(emptied_warehouse: Engine) -> None:
    with transaction(emptied_warehouse) as connection:
        connection.execute(insert(TABLE), [ROW])
        before = indexes(connection)
        with bulk_load(connection, TABLE, new_rows=1):
            assert indexes(connection) == before


def test_an_account_that_does_not_own_the_table_keeps_its_indexes(emptied_warehouse: Engine) -> None:
    with emptied_warehouse.connect() as connection:
        connection.execute(text("CREATE ROLE no_owner"))
        connection.execute(text("GRANT USAGE ON SCHEMA perf TO no_owner"))
        connection.execute(text("SET LOCAL ROLE no_owner"))
        before = indexes(connection)
        with bulk_load(connection, TABLE, new_rows=1):
            assert indexes(connection) == before
        connection.rollback()
