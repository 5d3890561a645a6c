"""Running `perf-pipeline`: in the test's own process, or as people run it, in an environment and folders of its own."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, last_ended_day, month_start
from perf_pipeline.cli import main
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.server import ask

COMMAND = Path(sys.executable).with_name("perf-pipeline")
PATIENCE_SECONDS = 180
NOW = datetime(2026, 6, 3, 3, tzinfo=UTC)
"""What the clock of a command shows when it begins, unless a test sets another instant."""
YESTERDAY = last_ended_day(NOW)
DAYS = DayRange(month_start(YESTERDAY.replace(day=1) - ONE_DAY), YESTERDAY)
"""Few enough to be built in seconds, and a whole month among them."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Called(NamedTuple):
    """How a command ended that ran in the test's own process."""

    status: int
    out: str
    err: str

    @property
    def built(self) -> list[str]:
        """The ranges of days that it built."""
        return re.findall(r"^Run \d+ of \d+: (.+) \(", self.err, re.MULTILINE)

    @property
    def failures(self) -> list[str]:
        """What it reports as failed, one a line."""
        return [line for line in self.err.splitlines() if line.startswith("Failed: ")]


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
            "PERF_NOW": NOW.isoformat(),
        }
        return {"PATH": os.environ["PATH"], **ours, **self.variables}

    def call(self, *arguments: str, **variables: str) -> Called:
        """Run the command in this process, with its own and these PERF_* variables and no others."""
        ours = {name: value for name, value in self.environment.items() if name != "PATH"}
        return call(*arguments, **ours | variables)

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
        return ask(Home(self.home)).state != "silence"


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def call(*arguments: str, **variables: str) -> Called:
    """Run the command in this process, with these PERF_* variables and no others."""
    # The partitions begin on the first day that is set when they are imported first: no test may decide that for others.
    import_module("perf_pipeline.definitions")
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in os.environ:
            if name.startswith("PERF_"):
                patch.delenv(name)
        # Empty is as good as unset, and what the command puts there is taken back after it.
        patch.setenv("DAGSTER_HOME", "")
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["perf-pipeline", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return Called(int(ended.value.code or 0), out.getvalue(), err.getvalue())
