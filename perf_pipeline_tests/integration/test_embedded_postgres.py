"""The embedded PostgreSQL where all is well: any folder, locale and account, any number of users at once."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from perf_pipeline import errors
from perf_pipeline.demo.embedded_home import Home, is_locked
from perf_pipeline.demo.embedded_launcher import find_launcher
from perf_pipeline.demo.embedded_postgres import EmbeddedPostgres, embedded_postgres, embedded_url

REPOSITORY = Path(errors.__file__).parents[1]
NOBODY = 65534
BECOME = "import os, sys; os.setgroups([]); os.setgid({id}); os.setuid({id})"
USE = """
import sys
from pathlib import Path
import psycopg2.extensions
from perf_pipeline.demo.embedded_postgres import embedded_postgres
{become}
with embedded_postgres(Path(sys.argv[1])) as server:
    server.ensure_database("perf")
    connection = psycopg2.connect(server.url("perf").replace("+psycopg2", ""))
    cursor = connection.cursor()
    cursor.execute("SELECT pg_postmaster_start_time()::text")
    print(cursor.fetchone()[0], flush=True)
    connection.close()
    {then}
"""
SANDBOX = ("unshare", "--user", "--map-root-user")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="switches accounts, which only root can")
needs_namespaces = pytest.mark.skipif(
    subprocess.run([*SANDBOX, "true"], capture_output=True, check=False).returncode != 0,
    reason="this machine allows no user namespaces",
)


@pytest.fixture(scope="module")
def _folder_of_root() -> Iterator[Path]:
    """A folder with a copy of the PostgreSQL programs in it. Pytest's own folders are always private."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    package = find_launcher(Home.at(folder)).binaries.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / "packages" / source.name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_folder(_folder_of_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of root that every account can enter. The home and the programs of the test lie below it."""
    return _lay_out(_folder_of_root, 0o755, monkeypatch)


@pytest.fixture
def private_folder(_folder_of_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder as root alone can enter it, such as /root."""
    return _lay_out(_folder_of_root, 0o700, monkeypatch)


def _lay_out(folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder.chmod(mode)
    os.chown(folder, 0, 0)
    shutil.rmtree(folder / "home", ignore_errors=True)
    (folder / "home").mkdir()
    monkeypatch.syspath_prepend(folder / "packages")
    return folder


@pytest.fixture
def install_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Hides every tool on the PATH except the given ones, as on a machine where the others aren't installed."""

    def install(*tools: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in tools:
            (folder / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} isn't installed"))
        monkeypatch.setenv("PATH", str(folder))

    return install


def child(
    home: Path, *, become: str = "", prefix: tuple[str, ...] = (), variables: dict[str, str] | None = None
) -> list[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(REPOSITORY), **(variables or {})}
    code = USE.format(become=become, then="")
    command = [*prefix, sys.executable, "-W", "error", "-c", code, str(home)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def query(url: str, statement: str) -> str:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return str(row[0]) if row else ""


def started_at(server: EmbeddedPostgres) -> str:
    return query(server.url(), "SELECT pg_postmaster_start_time()::text")


def test_a_home_with_spaces_quotes_and_letters_beyond_ascii_works(tmp_path: Path) -> None:
    home = tmp_path / 'Zoë\'s "$HOME" `ls` – данные'
    with embedded_postgres(home) as server:
        assert query(server.url(), "SHOW server_encoding") == "UTF8"
        assert Path(query(server.url(), "SHOW data_directory")) == home / "postgres"


def test_the_first_user_starts_it_and_the_last_one_stops_it(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as outer:
        start = started_at(outer)
        with embedded_postgres(tmp_path) as inner:
            assert started_at(inner) == start
        assert started_at(outer) == start
        assert is_locked(Home.at(tmp_path).server_lock)
    assert not is_locked(Home.at(tmp_path).server_lock)
    assert not Home.at(tmp_path).socket_folder.exists()


def test_rows_outlive_a_stop_and_a_start(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:
        query(server.ensure_database("perf"), "CREATE TABLE kept AS SELECT 42 AS answer")
    with embedded_postgres(tmp_path) as server:
        assert query(server.ensure_database("perf"), "SELECT answer FROM kept") == "42"


def test_the_url_is_known_before_the_server_runs(tmp_path: Path) -> None:
    before = embedded_url(tmp_path / "later", "perf")
    with embedded_postgres(tmp_path / "later") as server:
        assert server.ensure_database("perf") == before == server.url("perf")
        assert query(before, "SELECT current_database()") == "perf"


def test_a_relative_home_and_a_link_to_it_are_the_same_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(".perf")
    assert embedded_url(Path(".perf"), "perf") == embedded_url(tmp_path / "link", "perf")
    with embedded_postgres(Path(".perf")) as first, embedded_postgres(tmp_path / "link") as second:
        assert started_at(first) == started_at(second)


def test_a_name_that_is_not_plain_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="isn't plain"):
        embedded_url(tmp_path, "perf?host=elsewhere")


def test_a_database_is_created_once_however_many_ask_at_once(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server, ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(server.ensure_database, ["perf"] * 16))
        assert urls == {server.url("perf")}


def test_it_is_durable_and_reachable_by_its_private_socket_alone(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:
        found = {name: query(server.url(), f"SHOW {name}") for name in ("fsync", "listen_addresses", "TimeZone", "jit")}
        assert found == {"fsync": "on", "listen_addresses": "", "TimeZone": "UTC", "jit": "off"}
        assert Home.at(tmp_path).socket_folder.stat().st_mode & 0o777 == 0o700


def test_a_failed_statement_leaves_no_row_in_the_log(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server, pytest.raises(psycopg2.Error):
        query(server.url(), "SELECT 'somebody@example.org'::int")
    assert "somebody" not in (tmp_path / "postgres.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("variables", [{"LC_ALL": "xx_YY"}, {"LC_ALL": "tr_TR.UTF-8"}, {"LANG": ""}, {}], ids=str)
def test_the_locale_of_the_environment_does_not_matter(tmp_path: Path, variables: dict[str, str]) -> None:
    child(tmp_path / "Zoë", variables=variables)
    with embedded_postgres(tmp_path / "Zoë") as server:
        locale = query(server.url("perf"), "SELECT datlocale FROM pg_database WHERE datname = 'perf'")
        assert locale == "C.UTF-8"


def test_postgres_variables_of_the_environment_do_not_lead_elsewhere(tmp_path: Path) -> None:
    elsewhere = {"PGPORT": "1", "PGHOST": "/nowhere", "PGUSER": "somebody", "PGDATA": "/nowhere", "PGDATABASE": "none"}
    assert len(child(tmp_path, variables=elsewhere)) == 1


def test_two_homes_have_two_servers_at_once(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "a") as a, embedded_postgres(tmp_path / "b") as b:
        assert a.url() != b.url()
        a.ensure_database("only_a")
        assert query(b.url(), "SELECT count(*) FROM pg_database WHERE datname = 'only_a'") == "0"


def test_a_second_process_shares_the_server_and_leaves_it_running(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as server:
        assert child(tmp_path) == [started_at(server)]
        assert started_at(server)


def test_many_processes_that_come_and_go_always_find_a_server(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: child(tmp_path), range(8)))
    assert all(answers)
    assert not is_locked(Home.at(tmp_path).server_lock)


def test_the_process_that_started_it_may_leave_before_the_others(tmp_path: Path) -> None:
    code = USE.format(become="", then="sys.stdin.read()")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with (
        embedded_postgres(tmp_path) as server,
        subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, text=True) as other,
    ):
        start = started_at(server)
        assert other.stdout is not None
        assert other.stdout.readline().strip() == start
        with embedded_postgres(tmp_path):
            pass
        assert started_at(server) == start
        other.communicate("")
    assert not is_locked(Home.at(tmp_path).server_lock)


def use_twice(home: Path) -> None:
    """Start and stop a server, once on a new cluster and once on the same cluster again."""
    for _ in range(2):
        with embedded_postgres(home) as server:
            assert started_at(server)


@needs_root
def test_root_runs_the_server_as_nobody_where_every_account_can_enter(
    open_folder: Path, install_only: Callable[..., None]
) -> None:
    install_only()
    use_twice(open_folder / "home")
    assert (open_folder / "home" / "postgres").stat().st_uid == NOBODY


@needs_root
@pytest.mark.parametrize(("tool", "owner"), [("setpriv", NOBODY), pytest.param("unshare", 0, marks=needs_namespaces)])
def test_root_runs_the_server_below_a_folder_that_root_alone_can_enter(
    private_folder: Path, install_only: Callable[..., None], tool: str, owner: int
) -> None:
    install_only(tool)
    use_twice(private_folder / "home")
    assert (private_folder / "home" / "postgres").stat().st_uid == owner


@needs_root
def test_root_with_no_way_into_a_private_folder_gets_the_reason_and_the_next_step(
    private_folder: Path, install_only: Callable[..., None]
) -> None:
    install_only()
    with pytest.raises(errors.EmbeddedDatabaseError, match=r"can't run as root in .*can't cd to") as caught:
        use_twice(private_folder / "home")
    assert "set PERF_HOME to a folder that every account can enter" in str(caught.value)


@needs_root
@needs_namespaces
def test_root_of_a_sandbox_with_a_single_account_works(tmp_path: Path) -> None:
    child(tmp_path, prefix=SANDBOX)
    assert Home.at(tmp_path).data.stat().st_uid == 0
    with embedded_postgres(tmp_path) as server:
        assert query(server.url("perf"), "SELECT 1") == "1"


@needs_root
@pytest.mark.parametrize(
    "account", [NOBODY, pytest.param(54321, marks=needs_namespaces)], ids=["with a name", "without a name"]
)
def test_an_ordinary_user_runs_the_server_below_a_folder_that_nobody_else_can_enter(
    private_folder: Path, account: int
) -> None:
    home = private_folder / "home"
    for path in (private_folder, home):
        os.chown(path, account, account)
    child(home, become=BECOME.format(id=account), variables={"PYTHONPATH": f"{private_folder}/packages:{REPOSITORY}"})
    assert {path.stat().st_uid for path in home.rglob("*")} == {account}


@needs_root
def test_root_and_the_owner_of_a_home_use_the_same_server(open_folder: Path) -> None:
    home = open_folder / "home"
    os.chown(home, NOBODY, NOBODY)
    with embedded_postgres(home) as server:
        path = f"{open_folder}/packages:{REPOSITORY}"
        assert child(home, become=BECOME.format(id=NOBODY), variables={"PYTHONPATH": path}) == [started_at(server)]
