"""A release appears whole or not at all."""

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from perf_pipeline.catalogue.services import Services
from perf_pipeline.errors import PublishingError
from perf_pipeline.published.release import KEPT_RELEASES, building_folder, current_manifest
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.releases import change_figure, faults_of, manifest_of, release

PutFigure = Callable[..., None]


@pytest.fixture(autouse=True)
def _one_figure_of_each_indicator(put_figure: PutFigure) -> None:
    for table in ("published_user_satisfaction", "published_completion_rate", "published_digital_take_up"):
        put_figure(table)


def tree_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_release_holds_every_file_where_readers_look_for_it(publishing: Systems) -> None:
    made = release(publishing)
    assert made.is_new
    root = publishing.publish_dir
    for path in (
        "make-a-lpa/user-satisfaction-daily.csv",
        "make-a-lpa/completion-rate-monthly.csv",
        "make-a-lpa/digital-take-up-monthly.json",
        "use-an-lpa/user-satisfaction-monthly.csv",
        "feeds/make_a_lasting_power_of_attorney_26_04.json",
        "manifest.json",
    ):
        assert (root / path).is_file()
        assert (root / path).resolve().parent.is_relative_to(root / ".releases" / made.id)


def test_the_manifest_lists_every_file_with_its_sha256_and_rows(publishing: Systems) -> None:
    made = release(publishing)
    manifest = manifest_of(publishing.publish_dir)
    assert manifest["release_id"] == made.id
    assert manifest["published_at"] == "2026-06-15T03:00:00+00:00"
    paths = [file["path"] for file in manifest["files"]]
    assert paths == sorted(tree_of(made.folder) - {"manifest.json"})
    assert made.files == len(paths)
    assert faults_of(publishing.publish_dir) == []
    rows = {file["path"]: file["rows"] for file in manifest["files"]}
    assert rows["make-a-lpa/user-satisfaction-monthly.csv"] == 1
    assert rows["make-a-lpa/user-satisfaction-daily.csv"] == 0
    assert rows["feeds/make_a_lasting_power_of_attorney_26_04.json"] == 8


def test_the_files_of_a_removed_service_stay_as_they_are(publishing: Systems, put_figure: PutFigure) -> None:
    put_figure("published_user_satisfaction", service="use-an-lpa")
    release(publishing)
    whole = publishing.publish_dir
    of_removed = {
        path: (whole / path).read_bytes()
        for path in tree_of(whole / ".current")
        if "use-an-lpa" in path or "use_a_lasting" in path
    }
    assert "feeds/use_a_lasting_power_of_attorney_26_04.json" in of_removed
    kept = Services(tuple(service for service in publishing.services if service.slug != "use-an-lpa"))
    for responses in (1, 2):
        with transaction(publishing.warehouse) as connection:
            statement = (
                "UPDATE perf.published_user_satisfaction SET responses_count = :count WHERE service = 'make-a-lpa'"
            )
            connection.execute(text(statement), {"count": responses})
        assert release(replace(publishing, services=kept)).is_new
        assert {path: (whole / path).read_bytes() for path in of_removed} == of_removed
        assert faults_of(whole) == []


def test_figures_that_did_not_change_make_no_release(publishing: Systems) -> None:
    first = release(publishing)
    second = release(publishing)
    assert (second.id, second.is_new, second.files) == (first.id, False, first.files)
    assert names_in(publishing.publish_dir / ".releases") == [first.id]


def test_a_file_of_the_current_release_that_was_damaged_is_published_anew(publishing: Systems) -> None:
    first = release(publishing)
    (first.folder / "make-a-lpa" / "user-satisfaction-monthly.csv").write_text("cut off", encoding="utf-8")
    assert release(publishing).is_new
    assert faults_of(publishing.publish_dir) == []


@pytest.mark.parametrize("manifest", [None, "", "{", "[]"])
def test_a_release_whose_manifest_is_lost_or_damaged_is_replaced(publishing: Systems, manifest: str | None) -> None:
    first = release(publishing)
    (first.folder / "manifest.json").unlink()
    if manifest is not None:
        (first.folder / "manifest.json").write_text(manifest, encoding="utf-8")
    assert current_manifest(publishing.publish_dir) is None
    assert release(publishing).is_new
    assert faults_of(publishing.publish_dir) == []


def test_a_changed_figure_makes_a_release_and_the_earlier_one_stays_readable(publishing: Systems) -> None:
    first = release(publishing)
    change_figure(publishing, 7)
    second = release(publishing)
    assert second.is_new
    assert second.id > first.id
    assert manifest_of(publishing.publish_dir)["release_id"] == second.id
    assert faults_of(first.folder) == faults_of(second.folder) == []


def test_a_service_that_is_taken_away_loses_its_link_and_what_is_not_ours_stays(publishing: Systems) -> None:
    release(publishing)
    root = publishing.publish_dir
    (root / "notes.txt").write_text("somebody's", encoding="utf-8")
    (root / "elsewhere").symlink_to("/nowhere")
    services = type(publishing.services)((publishing.services["make-a-lpa"],))
    release(replace(publishing, services=services))
    assert not (root / "use-an-lpa").is_symlink()
    assert (root / "make-a-lpa").is_dir()
    assert (root / "notes.txt").exists()
    assert (root / "elsewhere").is_symlink()


def test_old_releases_are_removed_and_the_newest_kept(publishing: Systems) -> None:
    made = []
    for number in range(KEPT_RELEASES + 2):
        change_figure(publishing, number)
        made.append(release(publishing).id)
    assert names_in(publishing.publish_dir / ".releases") == made[2:]
    assert faults_of(publishing.publish_dir) == []


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """A process may write files of so many bytes only, as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_without_room_leaves_the_earlier_release(publishing: Systems) -> None:
    first = release(publishing)
    change_figure(publishing, 7)
    with full_disk(300), pytest.raises(PublishingError, match=r"could not be written to .*File too large"):
        release(publishing)
    assert manifest_of(publishing.publish_dir)["release_id"] == first.id
    assert faults_of(publishing.publish_dir) == []
    assert names_in(publishing.publish_dir / ".releases") == [first.id]
    assert release(publishing).is_new


@contextmanager
def renamed(systems: Systems, table: str) -> Iterator[None]:
    with transaction(systems.warehouse) as connection:
        connection.execute(text(f"ALTER TABLE perf.{table} RENAME TO gone"))
    try:
        yield
    finally:
        with transaction(systems.warehouse) as connection:
            connection.execute(text(f"ALTER TABLE perf.gone RENAME TO {table}"))


def test_a_warehouse_that_breaks_in_the_middle_leaves_the_earlier_release(publishing: Systems) -> None:
    first = release(publishing)
    with renamed(publishing, "published_digital_take_up"), pytest.raises(ProgrammingError, match="does not exist"):
        release(publishing)
    assert manifest_of(publishing.publish_dir)["release_id"] == first.id
    assert names_in(publishing.publish_dir / ".releases") == [first.id]


def test_what_a_killed_run_left_behind_is_cleared_away(publishing: Systems) -> None:
    left = building_folder(publishing.publish_dir, "killed")
    (left / "half.csv").write_text("service,", encoding="utf-8")
    (publishing.publish_dir / ".manifest.json.4711").symlink_to(".current/manifest.json")
    made = release(publishing)
    assert names_in(publishing.publish_dir / ".releases") == [made.id]
    assert not (publishing.publish_dir / ".manifest.json.4711").is_symlink()


def test_a_run_killed_before_the_link_was_renamed_is_made_up_for(publishing: Systems) -> None:
    first = release(publishing)
    change_figure(publishing, 7)
    second = release(publishing)
    (publishing.publish_dir / ".current").unlink()
    (publishing.publish_dir / ".current").symlink_to(f".releases/{first.id}")
    third = release(publishing)
    assert third.is_new
    assert manifest_of(publishing.publish_dir)["release_id"] == third.id != second.id
    assert faults_of(publishing.publish_dir) == []


@pytest.mark.parametrize("name", ["manifest.json", "make-a-lpa", ".current"])
@pytest.mark.parametrize("kind", ["file", "link"])
def test_something_in_the_way_is_named_and_nothing_of_the_release_is_shown(
    publishing: Systems, name: str, kind: str
) -> None:
    root = publishing.publish_dir
    root.mkdir()
    if kind == "file":
        (root / name).write_text("somebody's", encoding="utf-8")
    else:
        (root / name).symlink_to("/somewhere/else")
    with pytest.raises(PublishingError, match=rf"{name} is in the way: it is not a link of ours.*move it elsewhere"):
        release(publishing)
    assert [entry for entry in names_in(root) if entry not in (name, ".releases")] == []
    assert names_in(root / ".releases") == []


def test_releases_are_not_written_through_a_link_of_somebody_else(publishing: Systems, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    publishing.publish_dir.mkdir()
    (publishing.publish_dir / ".releases").symlink_to(elsewhere)
    with pytest.raises(PublishingError, match=r"\.releases is a link, which this program did not make"):
        release(publishing)
    assert list(elsewhere.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_a_publishing_error(publishing: Systems) -> None:
    publishing.publish_dir.write_text("not a folder", encoding="utf-8")
    with pytest.raises(PublishingError, match=r"published can't be written to: .*PERF_PUBLISH_DIR"):
        release(publishing)
