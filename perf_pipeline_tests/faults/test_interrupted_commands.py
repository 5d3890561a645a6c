"""A nightly run that is told to stop, or killed, at one moment after the other, and then let run to its end."""

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.embedded_postgres.home import Home
from perf_pipeline_tests.commands import PATIENCE_SECONDS, YESTERDAY, Place
from perf_pipeline_tests.small_world import small_world

STOPPED = 130
DAYS = DayRange(date(2026, 4, 28), date(2026, 6, 2))
EXTRACTING = "extracted_channel_counts"
BLOWS = {
    EXTRACTING: signal.SIGTERM,
    "daily_application_events": signal.SIGKILL,
    "published_completion_rate": signal.SIGKILL,
}


@dataclass(frozen=True)
class Attempt:
    """How one run that was interrupted ended, and what readers found right after it."""

    ended: "subprocess.CompletedProcess[str]"
    visible: dict[str, str]


@dataclass(frozen=True)
class Night:
    """The attempts, the place in which a last run came to its end, and one in which the same night was not disturbed."""

    attempts: dict[str, Attempt]
    place: Place
    undisturbed: Place


@pytest.fixture(scope="module")
def night(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Each run goes on from what the one before it left."""
    folder = tmp_path_factory.mktemp("interrupted")
    with small_world(postgres, folder, "interrupted", DAYS) as world:
        world.export("all", DAYS, saved_on=world.today)
        place = world.place
        made = {
            moment: Attempt(place.interrupt(moment, by, "nightly"), visible_files(place.publish_dir))
            for moment, by in BLOWS.items()
        }
        assert place.call("nightly").status == 0
        variables = world.place.variables | {"PERF_DATABASE_URL": postgres.ensure_database("undisturbed_warehouse")}
        undisturbed = replace(place, folder=tmp_path_factory.mktemp("undisturbed"), variables=variables)
        assert [undisturbed.call(command).status for command in ("migrate", "nightly")] == [0, 0]
        yield Night(made, place, undisturbed)


def visible_files(folder: Path) -> dict[str, str]:
    """The sha256 of what readers find below the publishing folder, by path."""
    files = (path for link in folder.glob("[!.]*") for path in [link, *link.rglob("*")])
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


def test_a_run_that_is_told_to_stop_says_so_in_one_line(night: Night) -> None:
    ended = night.attempts[EXTRACTING].ended
    after_progress = [line for line in ended.stderr.splitlines() if line and not line.startswith(" ")]
    assert (ended.returncode, ended.stdout) == (STOPPED, "")
    assert after_progress[-1] == "Stopped. Next step: run the same command again; it continues with what is missing."


@pytest.mark.parametrize("moment", BLOWS)
def test_an_interrupted_run_ends_at_once_and_nothing_of_it_is_visible(night: Night, moment: str) -> None:
    ended = night.attempts[moment].ended
    assert ended.returncode == (-signal.SIGKILL if BLOWS[moment] == signal.SIGKILL else STOPPED)
    assert night.attempts[moment].visible == {}


def test_the_next_run_ends_well_in_the_files_of_an_undisturbed_one(night: Night) -> None:
    assert night.place.sha256s() == night.undisturbed.sha256s()
    visible = visible_files(night.place.publish_dir)
    assert {path: digest for path, digest in visible.items() if path != "manifest.json"} == night.place.sha256s()


def test_an_embedded_server_that_is_killed_ends_the_run_in_one_error_and_the_next_run_is_whole(tmp_path: Path) -> None:
    place = Place(tmp_path, first_day=YESTERDAY)
    with place.start("nightly") as process:
        assert process.stderr is not None
        next(line for line in process.stderr if "daily_application_events" in line)
        os.kill(int((Home(place.home).data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        out, rest = process.communicate(timeout=PATIENCE_SECONDS)
    (error,) = [line for line in rest.splitlines() if line.startswith("Error: ")]
    assert (process.returncode, out, "Traceback" in rest, "WARNING" in rest) == (1, "", False, False)
    assert "Connection refused" in error
    assert "Next step: run the same command again" in error
    assert visible_files(place.publish_dir) == {}
    assert place.run("nightly").returncode == 0
    assert place.sha256s().keys() == visible_files(place.publish_dir).keys() - {"manifest.json"}
