"""Figures that are made from stand-ins say so wherever they are published, for good, and no other figure does."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from perf_pipeline.published.summary import demonstration_notice
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.stand_ins import record_stand_ins, stand_ins
from perf_pipeline_tests.releases import manifest_of, release

PutFigure = Callable[..., None]
NOTICE = "Demonstration data. Not Office of the Public Guardian figures."
FEED = "feeds/make_a_lasting_power_of_attorney_26_04.json"


@pytest.fixture(autouse=True)
def _one_figure_of_each_indicator(put_figure: PutFigure) -> None:
    for table in ("published_user_satisfaction", "published_completion_rate", "published_digital_take_up"):
        put_figure(table)


def read_stand_ins(warehouse: Engine, *pairs: tuple[str, str]) -> None:
    with transaction(warehouse) as connection:
        record_stand_ins(connection, pairs)


def marked_files(systems: Systems) -> set[str]:
    """The files of the current release that the manifest marks."""
    return {file["path"] for file in manifest_of(systems.publish_dir)["files"] if file.get("notice") == NOTICE}


def marked_entries(systems: Systems) -> set[str]:
    """The dataTypes of the feed's entries that say that they are demonstration data."""
    entries = json.loads((systems.publish_dir / FEED).read_text(encoding="utf-8"))
    return {entry["dataType"] for entry in entries if NOTICE in entry.get("markers", [])}


def test_figures_of_real_sources_have_no_notice(publishing: Systems) -> None:
    assert not release(publishing).is_demonstration
    assert ("notice" in manifest_of(publishing.publish_dir), marked_files(publishing)) == (False, set())
    assert marked_entries(publishing) == set()
    assert demonstration_notice(publishing.warehouse, publishing.services) is None


def test_figures_of_stand_ins_have_the_notice_in_the_manifest_on_each_file_in_the_feed_and_under_the_table(
    publishing: Systems,
) -> None:
    read_stand_ins(publishing.warehouse, *publishing.addresses)
    made = release(publishing)
    assert (made.is_demonstration, manifest_of(publishing.publish_dir)["notice"]) == (True, NOTICE)
    assert len(marked_files(publishing)) == made.files
    assert len(marked_entries(publishing)) == 8
    assert demonstration_notice(publishing.warehouse, publishing.services) == NOTICE


def test_of_two_kinds_of_sources_only_the_figures_of_the_stand_ins_are_marked(publishing: Systems) -> None:
    read_stand_ins(publishing.warehouse, ("make-a-lpa", "sirius"))
    assert release(publishing).is_demonstration
    assert manifest_of(publishing.publish_dir)["notice"] == NOTICE
    take_up = {
        f"make-a-lpa/digital-take-up-{name}" for name in ("daily.csv", "daily.json", "monthly.csv", "monthly.json")
    }
    # The log of revisions and the feed have figures of every indicator.
    assert marked_files(publishing) == {*take_up, "make-a-lpa/revisions.csv", "make-a-lpa/revisions.json", FEED}
    assert marked_entries(publishing) == {"digital-take-up"}
    notice = demonstration_notice(publishing.warehouse, publishing.services)
    assert notice == f"{NOTICE} This is true of: make-a-lpa digital-take-up."


def test_a_figure_keeps_its_mark_after_the_last_stand_in_is_replaced_and_a_release_gains_it_with_the_first(
    publishing: Systems,
) -> None:
    """A later run with real sources records no stand-in, and what was recorded stays."""
    assert not release(publishing).is_demonstration
    read_stand_ins(publishing.warehouse, ("make-a-lpa", "sirius"))
    gained = release(publishing)
    assert (gained.is_new, gained.is_demonstration) == (True, True)
    read_stand_ins(publishing.warehouse)
    kept = release(publishing)
    assert (kept.is_new, kept.is_demonstration) == (False, True)
    with transaction(publishing.warehouse) as connection:
        assert stand_ins(connection) == {("make-a-lpa", "sirius")}
