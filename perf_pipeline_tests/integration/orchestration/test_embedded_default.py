"""From nothing to published figures, and again: the command as people run it, on the embedded default."""

import json
import re
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.reporting_days import ONE_DAY
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.demo.world import MAKE_AN_LPA
from perf_pipeline.embedded_postgres import embedded_postgres
from perf_pipeline_tests.commands import DAYS, PATIENCE_SECONDS, Place

Built = tuple[Place, subprocess.CompletedProcess[str]]


@pytest.fixture
def place(undisturbed: Built) -> Place:
    return undisturbed[0]


def test_one_command_publishes_every_day_prints_the_months_and_stops_its_server(undisturbed: Built) -> None:
    place, ended = undisturbed
    assert (ended.returncode, "Failed" in ended.stderr, "Traceback" in ended.stderr) == (0, False, False)
    heading, *rows = ended.stdout.splitlines()
    assert heading.split()[:2] == ["month", "service"]
    assert [row.split()[:3] for row in rows[:2]] == [
        [f"{DAYS.first:%Y-%m}", service, "done-page"] for service in ("make-a-lpa", "use-an-lpa")
    ]
    *_, notice, blank, pages, files = rows
    assert (notice, blank, files) == (NOTICE, "", f"Files: {place.publish_dir}")
    assert pages.startswith("Pages of the checks: http://127.0.0.1:")
    days = json.loads((place.publish_dir / "make-a-lpa/user-satisfaction-daily.json").read_text(encoding="utf-8"))
    assert {day["period_start"] for day in days} == {str(day) for day in DAYS}
    assert not place.server_answers()


def test_the_manifest_lists_files_that_are_there_and_says_that_these_are_demonstration_data(place: Place) -> None:
    assert [path for path in place.sha256s() if not (place.publish_dir / path).is_file()] == []
    assert place.manifest()["notice"] == NOTICE
    assert {file.get("notice") for file in place.manifest()["files"]} == {NOTICE}


def test_another_first_day_than_the_stand_ins_were_made_with_is_refused_with_the_way_out(place: Place) -> None:
    called = Place(place.folder, first_day=DAYS.first + ONE_DAY).call("nightly")
    assert (called.status, called.out) == (1, "")
    assert f"a stand-in world from {DAYS.first}" in called.err
    assert f"Next step: set PERF_FIRST_DAY to what it was when {place.home} was made" in called.err


def test_a_run_that_is_told_to_stop_stops_its_server(place: Place) -> None:
    ended = place.interrupt("Reading the sources", signal.SIGTERM, "nightly")
    assert (ended.returncode, place.server_answers()) == (130, False)


def test_every_source_by_variable_gives_the_same_figures(place: Place, tmp_path: Path) -> None:
    with embedded_postgres(place.home) as server, sirius_server(today=lambda: DAYS.last + ONE_DAY) as sirius_url:
        variables = {
            "PERF_DATABASE_URL": server.ensure_database("configured"),
            "PERF_LPA_DATABASE_URL": server.url(MAKE_AN_LPA),
            "PERF_SIRIUS_URL": sirius_url,
            "PERF_FEEDBACK_EXPORTS_DIR": str(place.home / "feedback_explorer"),
        }
        configured = Place(tmp_path, variables=variables)
        assert [configured.call(command).status for command in ("migrate", "nightly")] == [0, 0]
    assert configured.sha256s() == place.sha256s()
    # They are stand-ins all the same.
    assert configured.manifest()["notice"] == NOTICE


def test_running_it_again_while_a_backfill_runs_ends_well_and_changes_no_figure(place: Place) -> None:
    before = place.manifest()
    week = ("--from", str(DAYS.first + timedelta(days=7)), "--to", str(DAYS.first + timedelta(days=13)))
    both = [place.start("nightly"), place.start("backfill", *week)]
    shown, notes = zip(*(process.communicate(timeout=PATIENCE_SECONDS) for process in both), strict=True)
    assert [process.returncode for process in both] == [0, 0], notes
    # One of them waited for the other, so the night had nothing left to do.
    assert "Built 0 days" in notes[0]
    assert "(7 days)" in notes[1]
    months = {line[:7] for line in shown[1].splitlines() if line[:4].isdigit()}
    assert (months, "No published figure has changed." in shown[1]) == ({f"{DAYS.first:%Y-%m}"}, True)
    # The same release, not another one with the same figures.
    assert place.manifest() == before


def test_status_shows_the_last_run_and_that_nothing_runs_by_itself(place: Place) -> None:
    called = place.call("status")
    _, last, following, *_ = called.out.splitlines()
    assert re.fullmatch(r"Last run: 2026-\d\d-\d\d \d\d:\d\d to \d\d:\d\d, built 2026-05.*; it ended well", last), last
    assert following.startswith("Next run: none by itself, because no Dagster daemon is alive")
    found = json.loads(place.call("status", "--json").out)
    assert (found["last_run"]["outcome"], found["next_run"]["has_daemon"]) == ("done", False)
    assert found["release"]["files"] == len(place.sha256s())


def test_commands_that_only_look_or_publish_start_no_stand_in(place: Place) -> None:
    stand_ins = place.home / "feedback_explorer"
    away = stand_ins.rename(place.home / "away")
    try:
        for command in ("status", "doctor", "as-of 2026-06-01"):
            assert place.call(*command.split()).status == 0
        assert not stand_ins.exists()
    finally:
        away.rename(stand_ins)


def test_a_file_of_variables_is_read_by_the_command_as_people_run_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PERF_SIRIUS_AUTH=basic\nPERF_FIRST_DAY=2026-05-01\n")
    place = Place(tmp_path)
    ended = place.run("nightly")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "Error: PERF_SIRIUS_AUTH must be 'none' or 'sigv4'. Next step: correct it; .env.example describes every variable.\n"
    )
    assert [file.name for file in tmp_path.iterdir()] == [".env"]
