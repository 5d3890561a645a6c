"""Installs the packages of a lock file beside this Python, and shows how far it is. `scripts/setup` calls it."""

import re
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO, NoReturn

_SHOW_EVERY_SECONDS = 5
_SITE = Path(sysconfig.get_path("purelib"))
_PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-deps"]


def install(lock: Path) -> int:
    """Install the lock file with pip, then the project itself. Returns the exit code; a failure shows what pip said."""
    wanted = len(re.findall(r"^[\w.\[\]-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    # The lock lists every package. Without --no-deps, pip would fail on extras, which the lock does not name.
    for options in (["--require-hashes", "-r", str(lock)], ["--editable", "."]):
        said: list[str] = []
        with subprocess.Popen(  # noqa: S603 - our own arguments
            [*_PIP, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        ) as pip:
            try:
                _show_progress(pip, said, wanted)
            finally:
                pip.terminate()
        if pip.returncode:
            sys.stderr.writelines(said[-20:])
            return pip.returncode
    return 0


def _show_progress(pip: "subprocess.Popen[str]", said: list[str], wanted: int) -> None:
    started, before = time.monotonic(), _installed()
    assert pip.stdout is not None  # noqa: S101 - it is a pipe
    reader = Thread(target=_collect, args=(pip.stdout, said))
    reader.start()
    while reader.is_alive():
        reader.join(_SHOW_EVERY_SECONDS)
        fetched, new = sum(line.startswith("Collecting ") for line in said), _installed() - before
        what = f"installed {new} of {wanted}" if new > 0 else f"fetched {fetched} of {wanted}"
        if reader.is_alive() and fetched:
            sys.stderr.write(f"  {time.monotonic() - started:6.1f} s  {what} packages\n")
    pip.wait()


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
