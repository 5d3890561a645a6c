"""Running `perf-pipeline` as people run it: the installed command, an environment of its own, its own folders."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day, month_start
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.server import ask

COMMAND = Path(sys.executable).with_name("perf-pipeline")
PATIENCE_SECONDS = 180
YESTERDAY = last_ended_day(datetime.now(UTC))
DAYS = DayRange(month_start(month_start(YESTERDAY) - timedelta(days=1)), YESTERDAY)
"""Few enough to be built in seconds, and a whole month among them."""


class Called(NamedTuple):
    """How a command ended that ran in the test's own process."""

    status: int
    out: str
    err: str


class Call(Protocol):
    """Runs a command in the test's own process, with these PERF_* variables set."""

    def __call__(self, *arguments: str, **variables: str) -> Called: ...


@dataclass(frozen=True)
class Place:
    """Where a command keeps its state and publishes, below a folder of the test's."""

    folder: Path
    first_day: date = DAYS.first
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def publish_dir(self) -> Path:
        return self.folder / "published"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the test's own environment but the way to the programs."""
        ours = {
            "PERF_HOME": str(self.home),
            "PERF_PUBLISH_DIR": str(self.publish_dir),
            "PERF_FIRST_DAY": str(self.first_day),
        }
        return {"PATH": os.environ["PATH"], **ours, **self.variables}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command and return at once."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self, progress: str, by: signal.Signals, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command and send it a signal when a line with `progress` appears on stderr."""
        with self.start(*arguments) as process:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if progress in line:
                    process.send_signal(by)
                    break
            out, rest = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, said + rest)

    def manifest(self) -> dict[str, Any]:
        """What the current release says of itself."""
        manifest: dict[str, Any] = json.loads((self.publish_dir / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def sha256s(self) -> dict[str, str]:
        """The sha256 of every published file, by path."""
        return {file["path"]: file["sha256"] for file in self.manifest()["files"]}

    def server_answers(self) -> bool:
        """Whether the embedded PostgreSQL of this place runs."""
        return ask(Home.at(self.home)).state != "silence"
