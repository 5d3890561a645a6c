"""One builder at a time: who waits, and that a builder that ends in any way lets the next one in."""

import signal
import subprocess
import sys
import threading
from typing import cast

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.orchestration.resources import systems_resource
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.building import WAITING, building
from perf_pipeline.warehouse.engine import transaction

_HOLD = """
import sys, time
from perf_pipeline.warehouse.building import building
from perf_pipeline.warehouse.engine import warehouse_engine
with building(warehouse_engine(sys.argv[1]), print):
    print("building", flush=True)
    time.sleep(600)
"""


def url_of(warehouse: Engine) -> str:
    return warehouse.url.render_as_string(hide_password=False)


def test_nobody_waits_where_nobody_builds(emptied_warehouse: Engine) -> None:
    said: list[str] = []
    for _ in range(2):
        with building(emptied_warehouse, said.append):
            pass
    assert said == []


def test_a_second_builder_waits_for_the_first_and_says_so(emptied_warehouse: Engine) -> None:
    said: list[str] = []
    is_waiting, has_begun = threading.Event(), threading.Event()

    def note(message: str) -> None:
        said.append(message)
        is_waiting.set()

    def build() -> None:
        with building(emptied_warehouse, note):
            has_begun.set()

    with building(emptied_warehouse, silent):
        second = threading.Thread(target=build)
        second.start()
        assert is_waiting.wait(30)
        assert not has_begun.is_set()
    second.join(30)
    assert (has_begun.is_set(), said) == (True, [WAITING])


def test_a_builder_that_fails_lets_the_next_one_in(emptied_warehouse: Engine) -> None:
    with pytest.raises(ValueError, match="it broke"), building(emptied_warehouse, silent):
        raise ValueError("it broke")
    with building(emptied_warehouse, silent):
        pass


def test_a_builder_that_is_killed_lets_the_next_one_in(warehouse: Engine) -> None:
    command = [sys.executable, "-c", _HOLD, url_of(warehouse)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "building\n"
        builder.send_signal(signal.SIGKILL)
    with building(warehouse, silent):
        pass


def test_a_builder_whose_connection_is_cut_ends_as_it_would_have(warehouse: Engine) -> None:
    with building(warehouse, silent), transaction(warehouse) as connection:
        cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE '% building'"
        assert connection.execute(text(cut)).scalars().all() == [True]


def test_a_run_that_dagit_starts_builds_alone(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", url_of(warehouse))
    monkeypatch.setenv("PERF_HOME", str(tmp_path_factory.mktemp("home")))
    statement = text("SELECT pg_try_advisory_lock(hashtext('perf_pipeline'), hashtext('building'))")
    with dg.build_resources({"systems": systems_resource}) as resources, transaction(warehouse) as connection:
        assert cast("Systems", resources.systems).warehouse.url.database == warehouse.url.database
        assert connection.execute(statement).scalar_one() is False
    with transaction(warehouse) as connection:
        assert connection.execute(statement).scalar_one() is True
