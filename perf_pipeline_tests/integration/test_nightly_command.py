"""From nothing to published figures, and again: the command as people run it, on the embedded default."""

import json
import subprocess
from datetime import timedelta

import pytest

from perf_pipeline.published.release import DEMONSTRATION_NOTICE
from perf_pipeline_tests.commands import DAYS, PATIENCE_SECONDS, Place

Built = tuple[Place, subprocess.CompletedProcess[str]]


@pytest.fixture
def place(undisturbed: Built) -> Place:
    return undisturbed[0]


def test_one_command_ends_well(undisturbed: Built) -> None:
    _, ended = undisturbed
    assert (ended.returncode, "Failed" in ended.stderr, "Traceback" in ended.stderr) == (0, False, False)


def test_it_prints_the_published_months_and_where_the_files_are(undisturbed: Built) -> None:
    place, ended = undisturbed
    heading, *rows = ended.stdout.splitlines()
    assert heading.split()[:2] == ["month", "service"]
    assert [row.split()[:3] for row in rows[:2]] == [
        [f"{DAYS.first:%Y-%m}", "make-a-lpa", "done-page"],
        [f"{DAYS.first:%Y-%m}", "use-an-lpa", "done-page"],
    ]
    assert rows[-1] == f"Files: {place.publish_dir}"


def test_every_day_is_in_the_files(place: Place) -> None:
    rows = json.loads((place.publish_dir / "make-a-lpa/user-satisfaction-daily.json").read_text(encoding="utf-8"))
    assert {row["period_start"] for row in rows} == {str(day) for day in DAYS}


def test_every_file_of_the_manifest_is_there(place: Place) -> None:
    assert [path for path in place.sha256s() if not (place.publish_dir / path).is_file()] == []


def test_the_manifest_says_that_these_are_demonstration_data(place: Place) -> None:
    assert place.manifest()["notice"] == DEMONSTRATION_NOTICE


def test_the_embedded_server_is_stopped_at_the_end(place: Place) -> None:
    assert not place.server_answers()


def test_another_first_day_than_the_stand_ins_were_made_with_is_refused_with_the_way_out(place: Place) -> None:
    other = Place(place.folder, first_day=DAYS.first + timedelta(days=1))
    ended = other.run("nightly")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"a stand-in world from {DAYS.first}" in ended.stderr
    assert f"Next step: set PERF_FIRST_DAY to what it was when {place.home} was made" in ended.stderr


def test_running_it_again_while_a_backfill_runs_ends_well_and_changes_no_figure(place: Place) -> None:
    before = place.manifest()
    week = ("--from", str(DAYS.first + timedelta(days=7)), "--to", str(DAYS.first + timedelta(days=13)))
    both = [place.start("nightly"), place.start("backfill", *week)]
    said = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    # One of them waited for the other, so the night had nothing left to do.
    assert "Built 0 days" in said[0]
    assert "(7 days)" in said[1]
    # The same release, not another one that says the same.
    assert place.manifest() == before
