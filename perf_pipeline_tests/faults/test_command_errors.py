"""A command that can't do what it was asked says so in one line: what, where, and the next step."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import last_ended_day, london_day
from perf_pipeline.orchestration.hash_key import check_hash_key
from perf_pipeline_tests.commands import Call, Called

FAILED, MISUSED = 1, 2
PLANTED = "correct-horse-battery"


def today() -> date:
    return london_day(datetime.now(UTC))


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that nobody listens on: taken, and never listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def error_of(called: Called) -> str:
    """The one line on stderr after the progress, with the next step in it; nothing on stdout."""
    *progress, error = [line for line in called.err.splitlines() if line]
    assert (called.out, [line for line in progress if line != "Loading the pipeline …"]) == ("", [])
    assert error.startswith("Error: ")
    assert "Next step: " in error
    return error


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("backfill", "--from", "2026-05-02", "--to", "2026-05-01"), "from 2026-05-02 to 2026-05-01, the wrong way"),
        (("backfill", "--from", "2025-04-30", "--to", "2025-05-01"), "2025-04-30 lies before the first reporting day"),
        (("backfill", "--from", "2025-04-29", "--to", "2025-04-30"), "2025-04-29 lies before the first reporting day"),
        (("backfill", "--from", "2026-05-01", "--to", "1 May"), "'1 May' is not a day; write it as 2026-05-01"),
        (("backfill", "--from", "2026-02-29", "--to", "2026-03-01"), "'2026-02-29' is not a day"),
        (("backfill", "--from", "2026-05-01"), "Missing option '--to'"),
        (("nightly", "--date", "2025-04-30"), "2025-04-30 lies before the first reporting day, 2025-05-01"),
        (("nightly", "--until", "2026-05-01"), "No such option '--until'"),
        (("nightly", "2026-05-01"), "unexpected extra argument"),
        (("nigthly",), "No such command 'nigthly'"),
        ((), "a command is missing"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(call: Call, arguments: tuple[str, ...], what: str) -> None:
    called = call(*arguments)
    assert called.status == MISUSED
    assert what in error_of(called)


@pytest.mark.parametrize("days_ahead", [0, 1, 30])
def test_a_day_that_has_not_ended_is_refused(call: Call, days_ahead: int) -> None:
    day = today() + timedelta(days=days_ahead)
    for arguments in (("nightly", "--date", str(day)), ("backfill", "--from", "2026-05-01", "--to", str(day))):
        called = call(*arguments)
        assert called.status == MISUSED
        assert f"{day} has not ended yet" in error_of(called)


def test_a_refused_command_leaves_nothing_behind(call: Call, tmp_path: Path) -> None:
    assert call("backfill", "--from", "2026-05-02", "--to", "2026-05-01").status == MISUSED
    assert list(tmp_path.iterdir()) == []


def test_a_first_day_to_come_is_a_wrong_setting(call: Call) -> None:
    called = call("nightly", PERF_FIRST_DAY=str(today()))
    assert called.status == FAILED
    assert f"PERF_FIRST_DAY is {today()}, but the newest" in error_of(called)
    assert str(last_ended_day(datetime.now(UTC))) in called.err


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"PERF_FIRST_DAY": "the first"}, "PERF_FIRST_DAY"),
        ({"PERF_FIRST_DAY": "1999-12-31"}, "PERF_FIRST_DAY must be 2021-01-01 or later"),
        ({"PERF_DATABASE_URL": f"perf:{PLANTED}@db/perf"}, "PERF_DATABASE_URL is not a database URL"),
        ({"PERF_DATABASE_URL": f"postgresql://perf@db:{PLANTED}/perf"}, "PERF_DATABASE_URL is not a database URL"),
        ({"PERF_DATABASE_URL": f"mysql://perf:{PLANTED}@db/perf"}, "PERF_DATABASE_URL names the driver mysql"),
        ({"PERF_DATABASE_URL": f"postgresql+psycopg://perf:{PLANTED}@db/perf"}, "names the driver postgresql+psycopg"),
        ({"PERF_LPA_DATABASE_URL": f"postgresql://perf:{PLANTED}@db/lpa"}, "PERF_DATABASE_URL is not, so there is no"),
        ({"PERF_PUBLISH_DIR": "s3://bucket/figures"}, "PERF_PUBLISH_DIR must be a folder"),
        ({"PERF_SERVICES_FILE": "no/such/file.toml"}, "The services file no/such/file.toml can't be read"),
        ({"PERF_SIRIUS_AUTH": PLANTED}, "PERF_SIRIUS_AUTH Input should be 'none' or 'sigv4'"),
    ],
)
def test_a_wrong_setting_is_named_and_never_quoted(call: Call, variables: dict[str, str], what: str) -> None:
    called = call("nightly", **variables)
    assert called.status == FAILED
    assert what in error_of(called)
    assert PLANTED not in called.err


def test_a_sirius_address_with_a_password_is_refused_and_not_quoted(call: Call, warehouse_url: str) -> None:
    address = f"https://reader:{PLANTED}@sirius.example"
    called = call("nightly", PERF_DATABASE_URL=warehouse_url, PERF_SIRIUS_URL=address)
    assert called.status == FAILED
    assert "PERF_SIRIUS_URL holds a user name" in error_of(called)
    assert PLANTED not in called.err


def test_an_address_as_publishing_folder_makes_no_folder_of_that_name(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("nightly", PERF_PUBLISH_DIR="s3://bucket/figures").status == FAILED
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[make-a-lpa", "can't be read"),
        ("make-a-lpa = 1", "a table of its own"),
        ('[make-a-lpa]\ntitel = "Make"', "is not valid: "),
        ("", "it names no service"),
    ],
)
def test_a_broken_services_file_is_named_with_its_fault(call: Call, tmp_path: Path, content: str, what: str) -> None:
    file = tmp_path / "services.toml"
    file.write_text(content, encoding="utf-8")
    called = call("nightly", PERF_SERVICES_FILE=str(file))
    assert called.status == FAILED
    assert str(file) in error_of(called)
    assert what in called.err


@pytest.mark.parametrize("arguments", [("nightly",), ("migrate",), ("status",)])
def test_a_warehouse_that_nobody_answers_for_is_named_without_its_password(
    call: Call, unused_port: int, arguments: tuple[str, ...]
) -> None:
    called = call(*arguments, PERF_DATABASE_URL=f"postgresql://perf:{PLANTED}@127.0.0.1:{unused_port}/figures")
    assert called.status == FAILED
    assert f"The warehouse (figures on 127.0.0.1:{unused_port}) can't be reached" in error_of(called)
    assert PLANTED not in called.err


def test_a_warehouse_without_our_tables_asks_for_the_migration(call: Call, new_database: Callable[[str], str]) -> None:
    called = call("nightly", PERF_DATABASE_URL=new_database("template0"))
    assert called.status == FAILED
    assert error_of(called).endswith("Next step: run perf-pipeline migrate.")


def test_a_storage_of_dagster_that_nobody_answers_for_is_named(
    call: Call, warehouse_url: str, unused_port: int
) -> None:
    storage = f"postgresql://dagster:{PLANTED}@127.0.0.1:{unused_port}/dagster"
    called = call("nightly", PERF_DATABASE_URL=warehouse_url, PERF_DAGSTER_DATABASE_URL=storage)
    assert called.status == FAILED
    assert "Dagster's storage refused or broke off: " in error_of(called)
    assert PLANTED not in called.err


def test_a_dagster_home_that_is_no_folder_is_named(call: Call, warehouse_url: str, tmp_path: Path) -> None:
    called = call("nightly", PERF_DATABASE_URL=warehouse_url, DAGSTER_HOME=str(tmp_path / "nowhere"))
    assert called.status == FAILED
    assert f"DAGSTER_HOME {tmp_path / 'nowhere'}" in error_of(called)


def test_another_hash_key_than_the_warehouse_was_filled_with_is_refused(call: Call, warehouse: Engine) -> None:
    check_hash_key(warehouse, b"the first key")
    url = warehouse.url.render_as_string(hide_password=False)
    called = call("nightly", PERF_DATABASE_URL=url, PERF_HASH_KEY=PLANTED)
    assert called.status == FAILED
    assert "made with another key" in error_of(called)
    assert PLANTED not in called.err


@pytest.mark.parametrize("arguments", [("--debug", "nightly"), ("nightly", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(call: Call, arguments: tuple[str, ...]) -> None:
    called = call(*arguments, PERF_FIRST_DAY="the first")
    assert called.status == FAILED
    assert called.err.startswith("Traceback")
    assert called.err.splitlines()[-1].startswith("Error: PERF_FIRST_DAY")
