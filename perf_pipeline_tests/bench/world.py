"""A world to measure in: real sources of one size, an empty warehouse, and commands in processes of their own."""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from perf_pipeline.catalogue.reporting_days import ONE_DAY, london_day
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline_tests.bench import sources
from perf_pipeline_tests.bench.sizes import LAST_DAY, NOW, Size
from perf_pipeline_tests.commands import COMMAND

_TEMPLATE = "warehouse_empty"


@dataclass(frozen=True)
class Ran:
    """A process that has ended."""

    seconds: float
    peak_mb: float
    status: int


def run_process(arguments: list[str], environment: dict[str, str], log: Path) -> Ran:
    """Run a process to its end, with its output in the log file."""
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(time.monotonic() - started, _megabytes(used), process.returncode)


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024


@dataclass
class World:
    """The sources and the warehouse of one size."""

    size: Size
    postgres: EmbeddedPostgres
    folder: Path
    warehouse_url: str
    lpa_url: str
    sirius_url: str = ""
    now: datetime = NOW
    """What the clock of the next command shows."""

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PERF_NOW": self.now.isoformat(),
            "PERF_FIRST_DAY": str(self.size.days.first),
            "PERF_HOME": str(self.folder / "home"),
            "PERF_HASH_KEY": "a key of thirty-two bytes or more, for measurements alone",
            "PERF_PUBLISH_DIR": str(self.folder / "published"),
            "PERF_DATABASE_URL": self.warehouse_url,
            "PERF_LPA_DATABASE_URL": self.lpa_url,
            "PERF_SIRIUS_URL": self.sirius_url,
            "PERF_FEEDBACK_EXPORTS_DIR": str(self.exports),
        }

    def python(self, *arguments: str, log: str) -> Ran:
        """Run Python, with the variables that point at this world."""
        return run_process([sys.executable, *arguments], self.environment, self.folder / f"{log}.log")

    def command(self, *arguments: str, log: str, status: int = 0) -> Ran:
        """Run `perf-pipeline`. Raises ClickException when it ends with another status."""
        file = self.folder / f"{log}.log"
        ran = run_process([str(COMMAND), *arguments], self.environment, file)
        if ran.status != status:
            raise click.ClickException(
                f"perf-pipeline {' '.join(arguments)} ended with {ran.status}, not {status}; see {file}"
            )
        return ran

    def pass_day(self) -> None:
        """Let one more day pass, in the sources too."""
        sources.add_day(self.lpa_url, self.size, london_day(self.now))
        self.now += ONE_DAY

    def backfill(self, *, log: str, status: int = 0) -> Ran:
        """Build every day of the world."""
        return self.command(
            "backfill", "--from", str(self.size.days.first), "--to", str(LAST_DAY), log=log, status=status
        )

    def night(self, *, log: str, status: int = 0) -> Ran:
        """Run `perf-pipeline nightly`."""
        return self.command("nightly", log=log, status=status)


@contextmanager
def world_of(size: Size, postgres: EmbeddedPostgres, folder: Path) -> Iterator[World]:
    """A world with fresh copies of the sources of a size and an empty warehouse."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    template = sources.lpa_database(postgres, size)
    sources.write_folder_of_exports(folder / "exports", size)
    lpa_url = sources.copied_database(postgres, template, "bench_lpa")
    warehouse_url = sources.copied_database(postgres, _empty_warehouse(postgres), "bench_warehouse")
    world = World(size, postgres, folder, warehouse_url, lpa_url)
    behaviour = SiriusBehaviour(hiccup_every=0, edit_answer=sources.steady_counts)
    with sirius_server(today=lambda: world.now.date(), behaviour=behaviour) as world.sirius_url:
        yield world


def _empty_warehouse(postgres: EmbeddedPostgres) -> str:
    engine = warehouse_engine(postgres.ensure_database(_TEMPLATE))
    migrate(engine)
    engine.dispose()
    return _TEMPLATE
