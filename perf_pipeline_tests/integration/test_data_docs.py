"""Great Expectations' page of each suite: what held and what did not in the latest run."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import text

from perf_pipeline.catalogue.checks import CHECKED, RULES
from perf_pipeline.quality.queries import suite_name
from perf_pipeline.systems import Systems
from perf_pipeline_tests.judged import judged, not_passed, spoil, spoiling

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

TABLE = "daily_digital_take_up"
FAILED = "fa-times"
DOUBLED = spoiling(f"UPDATE perf.{TABLE} SET total_count = 99 WHERE {{here}}")


def page(systems: Systems, suite: str = TABLE) -> str:
    return (systems.publish_dir / ".data_docs" / f"{suite}.html").read_text(encoding="utf-8")


def test_every_suite_has_its_page(good: Systems) -> None:
    for dataset in CHECKED:
        judged(good, dataset)
    batches = {(dataset, rule.batch) for dataset in CHECKED for rule in RULES[dataset].values()}
    pages = {path.name for path in (good.publish_dir / ".data_docs").iterdir()}
    assert pages == {f"{suite_name(dataset, batch)}.html" for dataset, batch in batches}


def test_the_page_names_every_check_that_is_a_query(good: Systems) -> None:
    judged(good, TABLE)
    for rule in [*RULES[TABLE].values()][2:]:
        assert rule.sentence in page(good)


def test_the_page_is_that_of_the_latest_run(good: Systems) -> None:
    judged(good, TABLE)
    assert FAILED not in page(good)
    spoil(good.warehouse, DOUBLED)
    judged(good, TABLE)
    assert FAILED in page(good)
    assert page(good).rstrip().endswith("</html>")
    assert not [path for path in (good.publish_dir / ".data_docs").iterdir() if path.name.startswith(".")]


def test_a_page_that_can_not_be_written_changes_no_verdict(good: Systems, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the folder should be")
    spoil(good.warehouse, DOUBLED)
    failed = not_passed(judged(replace(good, publish_dir=occupied), TABLE))
    assert "channels_add_up_to_total" in {check for *_, check in failed}
    assert occupied.read_text() == "a file where the folder should be"


def test_checks_that_crashed_have_a_page_too(good: Systems) -> None:
    with good.warehouse.begin() as connection:
        connection.execute(text("ALTER TABLE perf.extracted_channel_counts RENAME TO channel_counts"))
    try:
        judged(good, "extracted_channel_counts")
    finally:
        with good.warehouse.begin() as connection:
            connection.execute(text("ALTER TABLE perf.channel_counts RENAME TO extracted_channel_counts"))
    assert "Channels add up to total." in page(good, "extracted_channel_counts")
