"""One builder at a time: who waits, and that a builder that ends in any way lets the next one in."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.cli.progress import Progress
from perf_pipeline.orchestration.building import build_days
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.resources import systems_resource
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.building import WAITING, BuildingLock
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.ledgers import DAYS, Ledgers
from perf_pipeline_tests.systems import MORNING, systems_with

_HOLD = """
import sys, time
from perf_pipeline.warehouse.building import BuildingLock
from perf_pipeline.warehouse.engine import warehouse_engine
with BuildingLock(warehouse_engine(sys.argv[1]), print) as lock:
    lock.acquire()
    print("building", flush=True)
    time.sleep(600)
"""


def url_of(warehouse: Engine) -> str:
    return warehouse.url.render_as_string(hide_password=False)


def lock_at_once(warehouse: Engine) -> BuildingLock:
    """The lock, acquired without a wait."""
    lock = BuildingLock(warehouse, pytest.fail)
    lock.acquire()
    return lock


def test_nobody_waits_where_nobody_builds_and_looking_leaves_the_lock_free(emptied_warehouse: Engine) -> None:
    for _ in range(2):
        assert BuildingLock(emptied_warehouse, silent).is_free()
        with lock_at_once(emptied_warehouse) as lock:
            lock.acquire()
            assert not BuildingLock(emptied_warehouse, silent).is_free()


def test_a_command_waits_for_the_one_that_builds_and_then_plans_what_is_left(
    emptied_warehouse: Engine, tmp_path: Path
) -> None:
    ledgers = Ledgers(systems_with(emptied_warehouse, tmp_path, first_day=DAYS.first, clock=lambda: MORNING))
    assert plan(ledgers.systems, DAYS).runs == [DAYS]
    first, notes = lock_at_once(emptied_warehouse), []

    class Heard(Progress):
        def note(self, message: str) -> None:
            notes.append(message)
            if message == WAITING:
                ledgers.settle()
                first.__exit__(None, None, None)

    with dg.DagsterInstance.ephemeral() as instance:
        built = build_days(instance, ledgers.systems, DAYS, everything=False, reporter=Heard())
    assert (built.causes, WAITING in notes) == ([], True)
    assert notes[-1].startswith("Built 0 days")


def test_a_builder_that_fails_or_is_killed_lets_the_next_one_in(emptied_warehouse: Engine) -> None:
    with pytest.raises(ValueError, match="it broke"), lock_at_once(emptied_warehouse):
        raise ValueError("it broke")
    command = [sys.executable, "-c", _HOLD, url_of(emptied_warehouse)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "building\n"
        builder.send_signal(signal.SIGKILL)
    with BuildingLock(emptied_warehouse, silent) as lock:
        lock.acquire()


def test_a_builder_whose_connection_is_cut_ends_as_it_would_have(emptied_warehouse: Engine) -> None:
    with lock_at_once(emptied_warehouse), transaction(emptied_warehouse) as connection:
        cut = (
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name LIKE '% building' AND datname = current_database()"
        )
        assert connection.execute(text(cut)).scalars().all() == [True]


def test_a_run_that_dagit_starts_locks_when_it_comes_to_build_and_frees_at_its_end(
    emptied_warehouse: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", url_of(emptied_warehouse))
    monkeypatch.setenv("PERF_HOME", str(tmp_path))
    looking = BuildingLock(emptied_warehouse, silent)
    with dg.build_resources({"systems": systems_resource}) as resources:
        assert looking.is_free()
        cast("Systems", resources.systems).lock_building()
        assert not looking.is_free()
    assert looking.is_free()
