"""Keeping Dagit up with its daemon, so that the nightly schedule runs and backfills can be started by hand.

The pages of the checks are served beside it, at the one address that every run records.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.resources import open_systems
from perf_pipeline.orchestration.running import prepare_dagster_home
from perf_pipeline.quality.data_docs import write_index
from perf_pipeline.settings import Settings

HOST = "127.0.0.1"
_WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"
_PATIENCE_SECONDS = 20
_LOOK_EVERY_SECONDS = 0.5


def serve_dagit(settings: Settings, note: Callable[[str], None]) -> None:
    """Run Dagit and the daemon until one of them ends or this process is told to; then stop both."""
    check_port_is_free(settings.dagit_port, "PERF_DAGIT_PORT")
    check_port_is_free(settings.data_docs_port, "PERF_DATA_DOCS_PORT")
    home = prepare_dagster_home(settings)
    with open_systems(settings, progress=note), ExitStack() as stack:
        stack.enter_context(data_docs_served(settings.data_docs_dir, settings.data_docs_port))
        environment = with_absolute_paths(settings)
        servers = [
            stack.enter_context(running(command, home, environment))
            for command in (webserver_command(settings), daemon_command())
        ]
        note(f"Pages of the checks: {settings.data_docs_address}")
        note(f"Dagit: http://{HOST}:{settings.dagit_port} (begin with Lineage; Ctrl-C stops it)")
        while all(server.poll() is None for server in servers):
            time.sleep(_LOOK_EVERY_SECONDS)
    raise SettingsError(
        "Dagit or its daemon ended by itself.", next_step="read its messages above, then run perf-pipeline doctor."
    )


@contextmanager
def data_docs_served(folder: Path, port: int) -> Iterator[None]:
    """Serve the pages of the checks to this machine alone. A browser opens no file from Dagit's pages."""
    write_index(folder)
    with ThreadingHTTPServer((HOST, port), partial(_PageHandler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _PageHandler(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        """Let the browser ask for the newest page each time."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is for Dagit's messages."""


def webserver_command(settings: Settings) -> list[str]:
    """The command that serves Dagit."""
    return [_script("dagster-webserver"), *_location(), "-h", HOST, "-p", str(settings.dagit_port)]


def daemon_command() -> list[str]:
    """The command that runs schedules and queued runs."""
    return [_script("dagster-daemon"), "run", *_location()]


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _location() -> list[str]:
    return ["-w", str(_WORKSPACE)] if _WORKSPACE.exists() else ["-m", "perf_pipeline.definitions"]


def with_absolute_paths(settings: Settings) -> dict[str, str]:
    """Our environment with paths that hold in another working directory."""
    paths = {"PERF_HOME": settings.home, "PERF_PUBLISH_DIR": Path(settings.publish_dir)}
    if settings.services_file:
        paths["PERF_SERVICES_FILE"] = settings.services_file
    if settings.feedback_exports_dir:
        paths["PERF_FEEDBACK_EXPORTS_DIR"] = Path(settings.feedback_exports_dir)
    return os.environ | {name: str(path.resolve()) for name, path in paths.items()}


@contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A child that works in `folder`, in a process group of its own; ended with all its children at the end.

    Dagster warns about a dagster.yaml in the working directory that is not the one in DAGSTER_HOME; hence the folder.
    """
    server = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)  # noqa: S603
    try:
        yield server
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(_PATIENCE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


def check_port_is_free(port: int, variable: str) -> None:
    """Raise SettingsError when something listens on the port already."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            raise SettingsError(
                f"Something already listens on {HOST}:{port}.",
                next_step=f"stop it, or set {variable} to a free port.",
            )
