"""`perf-pipeline migrate --roles`: each role may do its work and no more."""

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from perf_pipeline.errors import WarehouseError
from perf_pipeline.warehouse.migrating import migrate, newest_version
from perf_pipeline.warehouse.roles import READER, WRITER, grant_roles


def run_as(warehouse: Engine, role: str, statement: str) -> None:
    with warehouse.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        connection.execute(text(statement))


@pytest.fixture
def with_roles(emptied_warehouse: Engine) -> Engine:
    grant_roles(emptied_warehouse)
    return emptied_warehouse


def test_the_reader_reads_published_figures_and_loses_what_was_given_by_hand(with_roles: Engine) -> None:
    with with_roles.begin() as connection:
        connection.execute(text(f"GRANT SELECT ON perf.extracted_feedback TO {READER}"))
    assert grant_roles(with_roles) == (READER, WRITER)
    run_as(with_roles, READER, "SELECT headline_percent FROM perf.published_user_satisfaction")
    for refused in ("SELECT 1 FROM perf.extracted_feedback", "DELETE FROM perf.published_user_satisfaction"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            run_as(with_roles, READER, refused)


def test_the_writer_writes_rows_and_changes_no_table(with_roles: Engine) -> None:
    run_as(with_roles, WRITER, "INSERT INTO perf.warehouse_facts VALUES ('a fact', 'a value')")
    run_as(with_roles, WRITER, "CREATE TEMPORARY TABLE staged (a integer)")
    with pytest.raises(ProgrammingError, match="must be owner"):
        run_as(with_roles, WRITER, "DROP TABLE perf.extracted_feedback")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as(with_roles, WRITER, "CREATE TABLE perf.another (a integer)")


def test_the_writer_may_ask_for_a_migration_that_is_done_and_may_not_grant(with_roles: Engine) -> None:
    writer = create_engine(with_roles.url, connect_args={"options": f"-c role={WRITER}"})
    assert migrate(writer) == (newest_version(), newest_version())
    with pytest.raises(WarehouseError, match="belongs to another account"):
        grant_roles(writer)
    writer.dispose()
