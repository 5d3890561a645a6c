"""Releases that are made while others are made, figures change and readers read."""

import json
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from perf_pipeline.published.release import KEPT_RELEASES, Release
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.extracting import wait_for
from perf_pipeline_tests.releases import change_figure, faults_of, manifest_of, release

PutFigure = Callable[..., None]


@pytest.fixture(autouse=True)
def _two_figures(put_figure: PutFigure) -> None:
    for table in ("published_user_satisfaction", "published_digital_take_up"):
        put_figure(table)


def test_readers_never_see_a_mixture_while_releases_follow_upon_each_other(publishing: Systems) -> None:
    release(publishing)
    root, seen, faults, done = publishing.publish_dir, set[str](), list[str](), threading.Event()

    def read() -> None:
        while not done.is_set():
            folder = (root / ".current").resolve()
            faults.extend(faults_of(folder))
            seen.add(manifest_of(root)["release_id"])
            figures = json.loads((folder / "make-a-lpa" / "user-satisfaction-monthly.json").read_text(encoding="utf-8"))
            take_up = json.loads((folder / "make-a-lpa" / "digital-take-up-monthly.json").read_text(encoding="utf-8"))
            if figures[0]["responses_count"] < 100 and figures[0]["responses_count"] != take_up[0]["total_count"]:
                faults.append("two indicators of different releases")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(KEPT_RELEASES - 5):
        change_figure(publishing, number)
        release(publishing)
    done.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert len(seen) > 3


def test_two_releases_at_once_follow_upon_each_other(publishing: Systems) -> None:
    made: list[Release] = []
    threads = [threading.Thread(target=lambda: made.append(release(publishing))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.is_new for one in made) == [False, False, False, True]
    assert faults_of(publishing.publish_dir) == []


def test_a_release_is_of_one_moment_even_when_figures_change_while_it_is_written(publishing: Systems) -> None:
    change_figure(publishing, 1)
    writing = threading.Thread(target=release, args=(publishing,))
    with transaction(publishing.warehouse) as connection:
        # The release has read the ratings by the time that it waits for this table.
        connection.execute(text("LOCK TABLE perf.published_digital_take_up IN ACCESS EXCLUSIVE MODE"))
        writing.start()
        wait_for(publishing.warehouse, "SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted")
        connection.execute(text("UPDATE perf.published_digital_take_up SET total_count = 2"))
        connection.execute(text("UPDATE perf.published_user_satisfaction SET responses_count = 2"))
    writing.join()
    folder = publishing.publish_dir / "make-a-lpa"
    ratings = json.loads((folder / "user-satisfaction-monthly.json").read_text(encoding="utf-8"))
    take_up = json.loads((folder / "digital-take-up-monthly.json").read_text(encoding="utf-8"))
    assert (ratings[0]["responses_count"], take_up[0]["total_count"]) == (1, 1)
