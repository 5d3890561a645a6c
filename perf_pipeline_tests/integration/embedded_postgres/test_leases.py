"""Any number of users of one embedded PostgreSQL, in any folder and any environment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from perf_pipeline.embedded_postgres import EmbeddedPostgres, embedded_postgres
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline_tests.embedded_users import end, is_stopped, query, start_user, started_at, wait_until_running

MISLEADING = {
    "LC_ALL": "xx_YY",
    "PGPORT": "1",
    "PGHOST": "/nowhere",
    "PGUSER": "somebody",
    "PGDATA": "/nowhere",
    "PGDATABASE": "none",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server that the tests share. Its home has spaces, quotes and letters beyond ASCII in its name."""
    with embedded_postgres(tmp_path_factory.mktemp("leases") / 'Zoë\'s "$HOME" `ls` – данные') as running:
        yield running


def test_the_first_user_starts_it_the_last_one_stops_it_and_the_next_one_finds_the_rows(
    tmp_path: Path, server: EmbeddedPostgres
) -> None:
    url = Home(tmp_path).url("kept")
    with embedded_postgres(tmp_path) as first:
        start = started_at(first)
        assert first.ensure_database("kept") == first.url("kept") == url
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        with embedded_postgres(tmp_path) as second:
            assert started_at(second) == start
        assert started_at(first) == start
        assert query(server.url(), "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == "0"
    assert is_stopped(tmp_path)
    assert not first.home.socket_folder.exists()
    with embedded_postgres(tmp_path):
        assert query(url, "SELECT answer FROM kept") == "42"


def test_the_process_that_started_it_may_leave_first_and_its_environment_has_no_effect(tmp_path: Path) -> None:
    with start_user(tmp_path, variables=MISLEADING) as starter:
        start = wait_until_running(starter)
        with embedded_postgres(tmp_path) as server:
            assert end(starter) == ""
            assert started_at(server) == start
            locale = query(server.url(), "SELECT datlocale FROM pg_database WHERE datname = 'postgres'")
            assert locale == "C.UTF-8"
    assert is_stopped(tmp_path)


def test_many_processes_that_come_and_go_always_find_a_server(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        printed = list(pool.map(lambda _: end(start_user(tmp_path)), range(6)))
    assert [line for line in printed if not line.startswith("20")] == []
    assert is_stopped(tmp_path)


def test_a_home_can_have_any_name(server: EmbeddedPostgres) -> None:
    assert query(server.url(), "SHOW server_encoding") == "UTF8"
    assert Path(query(server.url(), "SHOW data_directory")) == server.home.data


def test_a_relative_home_and_a_link_to_it_are_the_same_home(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(server.home.path.parent)
    (tmp_path / "link").symlink_to(server.home.path)
    for folder in (Path(server.home.path.name), tmp_path / "link"):
        assert Home(folder).url("perf") == server.url("perf")
        with embedded_postgres(folder) as same:
            assert started_at(same) == started_at(server)


def test_a_database_is_created_once_however_many_ask_at_once(server: EmbeddedPostgres) -> None:
    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(server.ensure_database, ["perf"] * 16))
    assert urls == {server.url("perf")}
    assert query(server.url("perf"), "SELECT current_database()") == "perf"


def test_it_is_durable_and_reachable_by_its_private_socket_only(server: EmbeddedPostgres) -> None:
    found = {name: query(server.url(), f"SHOW {name}") for name in ("fsync", "listen_addresses", "TimeZone", "jit")}
    assert found == {"fsync": "on", "listen_addresses": "", "TimeZone": "UTC", "jit": "off"}
    assert server.home.socket_folder.stat().st_mode & 0o777 == 0o700


def test_a_failed_statement_leaves_no_row_in_the_log(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg2.Error):
        query(server.url(), "SELECT 'somebody@example.org'::int")
    assert "somebody" not in server.home.log.read_text(encoding="utf-8")
