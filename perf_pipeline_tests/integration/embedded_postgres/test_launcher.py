"""Every way to run PostgreSQL: as root and as an ordinary user, in open and in private folders, with and without tools."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perf_pipeline.embedded_postgres import embedded_postgres
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.launcher import find_launcher
from perf_pipeline.errors import EmbeddedDatabaseError
from perf_pipeline_tests.embedded_users import NOBODY, end, is_stopped, start_user, started_at

SANDBOX = ("unshare", "--user", "--map-root-user")
needs_namespaces = pytest.mark.skipif(
    subprocess.run([*SANDBOX, "true"], capture_output=True, check=False).returncode != 0,
    reason="this machine allows no user namespaces",
)
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="switches accounts, which only root can")


@pytest.fixture(scope="module")
def _folder() -> Iterator[Path]:
    """A folder with a copy of the PostgreSQL programs. The folders of pytest are always private."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    package = find_launcher(Home(folder)).bin_folder.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / "packages" / source.name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_folder(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of root that every account can enter. The home and the PostgreSQL programs lie in it."""
    return _arrange(_folder, 0o755, monkeypatch)


@pytest.fixture
def private_folder(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, but only root can enter it, as with a /root of mode 0700."""
    return _arrange(_folder, 0o700, monkeypatch)


def _arrange(folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder.chmod(mode)
    os.chown(folder, 0, 0)
    shutil.rmtree(folder / "home", ignore_errors=True)
    (folder / "home").mkdir()
    monkeypatch.syspath_prepend(folder / "packages")
    return folder


@pytest.fixture
def install_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leaves only the given tools on the PATH, as on a machine where the others aren't installed."""

    def install(*tools: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in tools:
            (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} isn't installed"))
        monkeypatch.setenv("PATH", str(folder))

    return install


def test_root_runs_the_server_as_the_owner_of_an_open_home_and_both_use_it(
    open_folder: Path, install_only: Callable[..., None]
) -> None:
    install_only()
    home = open_folder / "home"
    os.chown(home, NOBODY, NOBODY)
    with embedded_postgres(home) as server:
        assert end(start_user(home, account=NOBODY, packages=open_folder / "packages")) == started_at(server)
    assert (home / "postgres").stat().st_uid == NOBODY


@pytest.mark.parametrize(("tool", "owner"), [("setpriv", NOBODY), pytest.param("unshare", 0, marks=needs_namespaces)])
def test_root_runs_the_server_in_a_folder_that_only_root_can_enter(
    private_folder: Path, install_only: Callable[..., None], tool: str, owner: int
) -> None:
    install_only(tool)
    home = private_folder / "home"
    for _ in ("a new cluster", "the same cluster again"):
        with embedded_postgres(home) as server:
            assert started_at(server)
        assert is_stopped(home)
    assert (home / "postgres").stat().st_uid == owner


def test_root_with_no_way_into_a_private_folder_gets_the_reason_and_the_next_step(
    private_folder: Path, install_only: Callable[..., None]
) -> None:
    install_only()
    with (
        pytest.raises(EmbeddedDatabaseError, match=r"can't run as root in .*can't cd to") as caught,
        embedded_postgres(private_folder / "home"),
    ):
        pass
    assert "set PERF_HOME to a folder that every account can enter" in str(caught.value)


@needs_namespaces
def test_root_of_a_sandbox_with_a_single_account_runs_the_server(tmp_path: Path) -> None:
    assert end(start_user(tmp_path, prefix=SANDBOX)).startswith("20")
    assert (tmp_path / "postgres").stat().st_uid == 0
    with embedded_postgres(tmp_path) as server:
        assert started_at(server)


@pytest.mark.parametrize(
    "account", [NOBODY, pytest.param(54321, marks=needs_namespaces)], ids=["with a name", "without a name"]
)
def test_an_ordinary_user_runs_the_server_in_a_folder_that_nobody_else_can_enter(
    private_folder: Path, account: int
) -> None:
    home = private_folder / "home"
    for path in (private_folder, home):
        os.chown(path, account, account)
    assert end(start_user(home, account=account, packages=private_folder / "packages")).startswith("20")
    assert {path.stat().st_uid for path in home.rglob("*")} == {account}


def test_an_ordinary_user_is_refused_the_cluster_of_another_account(open_folder: Path) -> None:
    home = open_folder / "home"
    os.chown(home, NOBODY, NOBODY)
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("18\n", encoding="ascii")
    printed = end(start_user(home, account=NOBODY, packages=open_folder / "packages"))
    assert "belongs to account 0, but the server must run as account 65534" in printed
