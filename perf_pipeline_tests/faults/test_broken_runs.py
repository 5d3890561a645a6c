"""What a run meets in our own systems: a lost connection passes, a refusal is told in one line and stops the release."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.orchestration import failures
from perf_pipeline.orchestration.planning import known_days, plan, sources_of
from perf_pipeline.orchestration.running import RangeOutcome, run_range
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import connected, transaction, warehouse_engine

DAY = DayRange(date(2026, 6, 1), date(2026, 6, 1))
NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class CuttingClock:
    """Tells the time, and until the asset begins a second time ends every connection to the warehouse as it does so.

    Assets that write versions ask for the time in the middle of their transaction.
    """

    def __init__(self, warehouse: Engine, asset: str) -> None:
        self._other = warehouse_engine(warehouse.url.render_as_string(hide_password=False))
        self._asset = asset
        self.begins = 0

    def watch(self, asset: str) -> None:
        self.begins += asset == self._asset

    def __call__(self) -> datetime:
        if self.begins == 1:
            with transaction(self._other) as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            self._other.dispose()
        return NOW


def run(systems: Systems, instance: dg.DagsterInstance) -> RangeOutcome:
    return run_range(defs, instance, systems, DAY, silent)


def figures_in_force(warehouse: Engine) -> int:
    statement = "SELECT count(*) FROM perf.published_completion_rate WHERE superseded_at IS NULL"
    with connected(warehouse) as connection:
        return int(connection.execute(text(statement)).scalar_one())


def test_a_connection_lost_in_the_middle_of_an_asset_costs_another_try_of_it_and_nothing_else(
    systems: Systems, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "SECONDS_TO_WAIT", 0.01)
    clock = CuttingClock(systems.warehouse, "published_completion_rate")
    outcome = run_range(defs, instance, replace(systems, clock=clock), DAY, clock.watch)
    assert outcome.failures == ()
    assert clock.begins == 2
    assert figures_in_force(systems.warehouse) > 0
    assert (systems.publish_dir / "manifest.json").is_file()


def test_a_refusal_of_the_warehouse_is_told_in_one_line_without_its_statement(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    with transaction(systems.warehouse) as connection:
        connection.execute(text("ALTER TABLE perf.published_completion_rate RENAME COLUMN markers TO marks"))
    outcome = run(replace(systems, clock=lambda: NOW), instance)
    (failure,) = outcome.failures
    assert failure.startswith("published_completion_rate: The warehouse broke off or refused: column")
    assert "Next step: " in failure
    assert ("SELECT" in failure, "\n" in failure) == (False, False)


def test_a_run_that_fails_before_its_release_shows_readers_nothing_and_its_days_are_planned_again(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    with transaction(systems.warehouse) as connection:
        connection.execute(text("ALTER TABLE perf.monthly_completion_rate ADD CHECK (days_included_count > 31)"))
    assert run(replace(systems, clock=lambda: NOW), instance).failures != ()
    assert not (systems.publish_dir / "manifest.json").exists()
    needed = sources_of(systems.services)
    planned = plan(known_days(systems.warehouse, DAY, needed), needed, DAY)
    assert planned == {DAY.first: "its last run ended before its figures were published"}


def test_a_publishing_folder_that_is_taken_fails_the_release_with_the_variable_to_set(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    systems.publish_dir.write_text("A file is in the way.", encoding="utf-8")
    (failure,) = run(replace(systems, clock=lambda: NOW), instance).failures
    assert failure.startswith(f"release: The publishing folder {systems.publish_dir} can't be written to: ")
    assert "Next step: set PERF_PUBLISH_DIR" in failure
