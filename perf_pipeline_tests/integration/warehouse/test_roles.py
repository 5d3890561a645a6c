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
def with_roles(warehouse: Engine) -> Engine:
    grant_roles(warehouse)
    return warehouse


def test_the_reader_reads_published_figures(with_roles: Engine) -> None:
    run_as(with_roles, READER, "SELECT headline_percent FROM perf.published_user_satisfaction")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as(with_roles, READER, "SELECT 1 FROM perf.extracted_feedback")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as(with_roles, READER, "DELETE FROM perf.published_user_satisfaction")


def test_the_writer_writes_rows_and_changes_no_table(with_roles: Engine) -> None:
    run_as(with_roles, WRITER, "INSERT INTO perf.warehouse_facts VALUES ('a fact', 'a value')")
    run_as(with_roles, WRITER, "CREATE TEMPORARY TABLE staged (a integer)")
    with pytest.raises(ProgrammingError, match="must be owner"):
        run_as(with_roles, WRITER, "DROP TABLE perf.extracted_feedback")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as(with_roles, WRITER, "CREATE TABLE perf.another (a integer)")


def test_granting_again_changes_nothing(with_roles: Engine) -> None:
    assert grant_roles(with_roles) == (READER, WRITER)
    run_as(with_roles, READER, "SELECT 1 FROM perf.published_digital_take_up")


def test_the_writer_may_ask_for_a_migration_that_is_done(with_roles: Engine) -> None:
    writer = create_engine(with_roles.url, connect_args={"options": f"-c role={WRITER}"})
    before, after = migrate(writer)
    writer.dispose()
    assert before == after == newest_version()


def test_rights_that_were_given_by_hand_are_taken_back(with_roles: Engine) -> None:
    with with_roles.begin() as connection:
        connection.execute(text(f"GRANT SELECT ON perf.extracted_feedback TO {READER}"))
    grant_roles(with_roles)
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_as(with_roles, READER, "SELECT 1 FROM perf.extracted_feedback")


def test_an_account_that_may_not_grant_is_told_so(with_roles: Engine) -> None:
    limited = create_engine(with_roles.url, connect_args={"options": f"-c role={WRITER}"})
    with pytest.raises(WarehouseError, match="belongs to another account"):
        grant_roles(limited)
    limited.dispose()
