"""A command that can't do what it was asked says so in one line: what, where, and the next step."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import ONE_DAY
from perf_pipeline.orchestration.hash_key import check_hash_key
from perf_pipeline_tests.commands import YESTERDAY, Call, Called

FAILED, MISUSED = 1, 2
PLANTED = "correct-horse-battery"
TODAY = YESTERDAY + ONE_DAY


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that nobody listens on: taken, and never listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def error_of(called: Called, status: int = FAILED) -> str:
    """The one line on stderr after the progress, with the next step and no secret in it; nothing on stdout."""
    *progress, error = [line for line in called.err.splitlines() if line]
    assert (called.status, called.out) == (status, "")
    assert [line for line in progress if line != "Loading the pipeline …"] == []
    assert error.startswith("Error: ")
    assert "Next step: " in error
    assert PLANTED not in called.err
    return error


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("backfill --from 2026-05-02 --to 2026-05-01", "from 2026-05-02 to 2026-05-01, the wrong way"),
        ("backfill --from 2025-04-30 --to 2025-05-01", "2025-04-30 is before the first reporting day"),
        ("backfill --from 2025-04-29 --to 2025-04-30", "2025-04-29 is before the first reporting day"),
        ("backfill --from 2026-05-01 --to tomorrow", "'tomorrow' is not a day; write it as 2026-05-01"),
        ("backfill --from 2026-02-29 --to 2026-03-01", "'2026-02-29' is not a day"),
        ("backfill --from 2026-05-01", "Missing option '--to'"),
        ("nightly --date 2025-04-30", "2025-04-30 is before the first reporting day, 2025-05-01"),
        ("nightly --until 2026-05-01", "No such option '--until'"),
        ("nightly 2026-05-01", "unexpected extra argument"),
        ("nigthly", "No such command 'nigthly'"),
        ("", "a command is missing"),
        *(
            (f"{command} {TODAY + timedelta(days=ahead)}", f"{TODAY + timedelta(days=ahead)} has not ended yet")
            for ahead in (0, 30)
            for command in ("nightly --date", "backfill --from 2026-05-01 --to")
        ),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_and_leaves_nothing_behind(
    call: Call, tmp_path: Path, command: str, what: str
) -> None:
    assert what in error_of(call(*command.split()), MISUSED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("FIRST_DAY", "the first", "PERF_FIRST_DAY"),
        ("FIRST_DAY", "1999-12-31", "PERF_FIRST_DAY must be 2021-01-01 or later"),
        ("FIRST_DAY", str(TODAY), f"{TODAY}, but the newest reporting day that has ended is {YESTERDAY}"),
        ("DATABASE_URL", f"perf:{PLANTED}@db/perf", "PERF_DATABASE_URL is not a database URL"),
        ("DATABASE_URL", f"postgresql://perf@db:{PLANTED}/perf", "PERF_DATABASE_URL is not a database URL"),
        ("DATABASE_URL", f"mysql://perf:{PLANTED}@db/perf", "PERF_DATABASE_URL names the driver mysql"),
        ("DATABASE_URL", f"postgresql+psycopg://perf:{PLANTED}@db/perf", "names the driver postgresql+psycopg"),
        ("DATABASE_URL", f"postgresql://perf@db/perf?sslmode={PLANTED}", "PERF_DATABASE_URL has a wrong value for its"),
        ("DATABASE_URL", f"postgresql://perf@db/perf?{PLANTED}=1", "PERF_DATABASE_URL has an unknown parameter"),
        ("LPA_DATABASE_URL", f"postgresql://perf:{PLANTED}@db/lpa", "PERF_DATABASE_URL is not, so there is no"),
        ("PUBLISH_DIR", "s3://bucket/figures", "PERF_PUBLISH_DIR must be a folder"),
        ("SERVICES_FILE", "no/such/file.toml", "The services file no/such/file.toml can't be read"),
        ("SIRIUS_AUTH", PLANTED, "PERF_SIRIUS_AUTH must be 'none' or 'sigv4'"),
        ("SIRIUS_URL", f"https://reader:{PLANTED}@sirius.example", "PERF_SIRIUS_URL holds a user name"),
    ],
)
def test_a_wrong_setting_is_named_never_quoted_and_makes_no_folder(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert what in error_of(call("nightly", **{f"PERF_{name}": value}))
    assert list(tmp_path.iterdir()) == []


TWO_WITH_SIRIUS = "\n".join(
    f"""
[{slug}]
title = {{ en = "A service", cy = "Gwasanaeth" }}
feed = "{slug}"
sources = {{ sirius = {{}} }}
indicators = {{ digital-take-up = "public" }}
"""
    for slug in ("a-service", "another")
)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[make-a-lpa", "can't be read"),
        ("make-a-lpa = 1", "a table of its own"),
        ('[make-a-lpa]\ntitel = "Make"', "is not valid: "),
        ("", "it names no service"),
        (TWO_WITH_SIRIUS, "another has the source sirius of a-service: both would get the same numbers"),
    ],
)
def test_a_broken_services_file_is_named_with_its_fault(call: Call, tmp_path: Path, content: str, what: str) -> None:
    file = tmp_path / "services.toml"
    file.write_text(content, encoding="utf-8")
    error = error_of(call("nightly", PERF_SERVICES_FILE=str(file)))
    assert (str(file) in error, what in error) == (True, True)


@pytest.mark.parametrize("command", ["nightly", "migrate", "status"])
def test_a_warehouse_that_nobody_answers_for_is_named_without_its_password(
    call: Call, unused_port: int, command: str
) -> None:
    url = f"postgresql://perf:{PLANTED}@127.0.0.1:{unused_port}/figures"
    error = error_of(call(command, PERF_DATABASE_URL=url))
    assert f"The warehouse (figures on 127.0.0.1:{unused_port}) can't be reached" in error


def test_a_warehouse_without_our_tables_asks_for_the_migration(call: Call, new_database: Callable[[str], str]) -> None:
    called = call("nightly", PERF_DATABASE_URL=new_database("template0"))
    assert error_of(called).endswith("Next step: run perf-pipeline migrate.")


def test_a_storage_of_dagster_that_can_not_be_used_is_named(
    call: Call, emptied_warehouse: Engine, unused_port: int, tmp_path: Path
) -> None:
    url = emptied_warehouse.url.render_as_string(hide_password=False)
    storage = f"postgresql://dagster:{PLANTED}@127.0.0.1:{unused_port}/dagster"
    nowhere = str(tmp_path / "nowhere")
    assert f"DAGSTER_HOME {nowhere}" in error_of(call("nightly", PERF_DATABASE_URL=url, DAGSTER_HOME=nowhere))
    called = call("nightly", PERF_DAGSTER_DATABASE_URL=storage, DAGSTER_HOME="")
    assert "Dagster's storage refused or broke off: " in error_of(called)


def test_another_hash_key_than_the_warehouse_was_filled_with_is_refused(call: Call, emptied_warehouse: Engine) -> None:
    check_hash_key(emptied_warehouse, b"the first key")
    url = emptied_warehouse.url.render_as_string(hide_password=False)
    assert "made with another key" in error_of(call("nightly", PERF_DATABASE_URL=url, PERF_HASH_KEY=PLANTED * 2))


@pytest.mark.parametrize("arguments", [("--debug", "nightly"), ("nightly", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(call: Call, arguments: tuple[str, ...]) -> None:
    called = call(*arguments, PERF_FIRST_DAY="the first")
    assert called.err.startswith("Traceback")
    assert called.err.splitlines()[-1].startswith("Error: PERF_FIRST_DAY")
