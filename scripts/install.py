"""Installs the packages of a lock file beside this Python, and shows how far it is. `scripts/setup` calls it."""

import re
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO, NoReturn

_SHOW_EVERY_SECONDS = 4
_SITE = Path(sysconfig.get_path("purelib"))
_PIP = ["pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-deps"]

Says = Callable[[list[str]], str]
"""How far a command is, in words, from what it has written so far."""


def install(lock: Path) -> int:
    """Install pip, the lock file and then the project itself. Returns the exit code; a failure shows what was said."""
    started = time.monotonic()
    if find_spec("pip") is None and (code := _run(["ensurepip", "--default-pip"], lambda _: "installing pip", started)):
        return code
    wanted = len(re.findall(r"^[\w.\[\]-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    before = _installed()

    def packages(said: list[str]) -> str:
        if any(line.startswith("Installing collected packages") for line in said):
            return f"installed {_installed() - before} of {wanted} packages"
        return f"fetched {sum(line.startswith('Collecting ') for line in said)} of {wanted} packages"

    # The lock lists every package. Without --no-deps, pip would fail on extras, which the lock does not name.
    commands: list[tuple[list[str], Says]] = [
        ([*_PIP, "--require-hashes", "-r", str(lock)], packages),
        ([*_PIP, "--editable", "."], lambda _: "installing perf_pipeline"),
    ]
    return next((code for module, says in commands if (code := _run(module, says, started))), 0)


def _run(module: list[str], says: Says, started: float) -> int:
    said: list[str] = []
    command = [sys.executable, "-m", *module]
    with subprocess.Popen(  # noqa: S603 - our own arguments
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        reader = Thread(target=_collect, args=(process.stdout, said))
        reader.start()
        try:
            while reader.is_alive():
                reader.join(_SHOW_EVERY_SECONDS)
                if reader.is_alive():
                    sys.stderr.write(f"  {time.monotonic() - started:6.1f} s  {says(said)}\n")
            code = process.wait()
        finally:
            process.terminate()
    if code:
        sys.stderr.writelines(said[-20:])
    return code


def _collect(lines: IO[str], said: list[str]) -> None:
    for line in lines:
        said.append(line)  # one by one, because the other thread counts them


def _installed() -> int:
    return sum(1 for _ in _SITE.glob("*.dist-info"))


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(130)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    sys.exit(install(Path(sys.argv[1])))
