"""A nightly run that is told to stop, or killed, at one moment after the other, and then let run to its end."""

import hashlib
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from perf_pipeline.embedded_postgres import embedded_postgres
from perf_pipeline_tests.commands import Place

STOPPED = 130
BUILDING_THE_WORLD = "indexing"
EXTRACTING = "extracted_feedback"
MEASURING = "daily_application_events"
PUBLISHING = "published_completion_rate"


@dataclass(frozen=True)
class Attempt:
    """How one run ended, and what stood there right after it."""

    ended: "subprocess.CompletedProcess[str]"
    server_answers: bool
    visible: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("interrupted"))


@pytest.fixture(scope="module")
def attempts(place: Place) -> Iterator[dict[str, Attempt]]:
    """Each run takes up what the one before it left."""
    blows = {
        BUILDING_THE_WORLD: signal.SIGKILL,
        EXTRACTING: signal.SIGTERM,
        MEASURING: signal.SIGKILL,
        PUBLISHING: signal.SIGKILL,
    }
    made = {moment: attempt(place, place.interrupt(moment, by, "nightly")) for moment, by in blows.items()}
    yield made | {"the end": attempt(place, place.run("nightly"))}
    # Should a run of these not have ended well, its server must not outlive the tests.
    with embedded_postgres(place.home):
        pass


def attempt(place: Place, ended: "subprocess.CompletedProcess[str]") -> Attempt:
    return Attempt(ended, place.server_answers(), visible_files(place.publish_dir))


def visible_files(folder: Path) -> dict[str, str]:
    """The sha256 of what readers find below the publishing folder, by path."""
    files = (path for link in folder.glob("[!.]*") for path in [link, *link.rglob("*")])
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


@pytest.mark.parametrize("moment", [BUILDING_THE_WORLD, MEASURING, PUBLISHING])
def test_a_killed_run_ends_at_once(attempts: dict[str, Attempt], moment: str) -> None:
    assert attempts[moment].ended.returncode == -signal.SIGKILL


def test_a_run_that_is_told_to_stop_says_so_in_one_line(attempts: dict[str, Attempt]) -> None:
    ended = attempts[EXTRACTING].ended
    after_progress = [line for line in ended.stderr.splitlines() if line and not line.startswith(" ")]
    assert (ended.returncode, ended.stdout) == (STOPPED, "")
    assert after_progress[-1] == "Stopped. Next step: run the same command again; it continues with what is missing."


def test_a_run_that_is_told_to_stop_stops_its_server(attempts: dict[str, Attempt]) -> None:
    assert not attempts[EXTRACTING].server_answers


@pytest.mark.parametrize("moment", [BUILDING_THE_WORLD, EXTRACTING, MEASURING, PUBLISHING])
def test_nothing_is_visible_of_a_release_that_was_not_finished(attempts: dict[str, Attempt], moment: str) -> None:
    assert attempts[moment].visible == {}


def test_the_next_run_ends_well(attempts: dict[str, Attempt]) -> None:
    assert attempts["the end"].ended.returncode == 0


def test_the_next_run_ends_in_the_files_of_an_undisturbed_one(
    attempts: dict[str, Attempt], place: Place, undisturbed: tuple[Place, object]
) -> None:
    assert attempts["the end"].ended.returncode == 0
    assert place.sha256s() == undisturbed[0].sha256s()


def test_what_is_visible_at_the_end_is_what_the_manifest_lists(attempts: dict[str, Attempt], place: Place) -> None:
    visible = {path: digest for path, digest in attempts["the end"].visible.items() if path != "manifest.json"}
    assert visible == place.sha256s()


def test_no_server_is_left_running_at_the_end(attempts: dict[str, Attempt]) -> None:
    assert not attempts["the end"].server_answers
