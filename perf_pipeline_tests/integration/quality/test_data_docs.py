"""Great Expectations' page of each dataset: what held and what did not in the latest run, and no value of an extract."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.judged import judged, not_passed, run

TABLE, EXTRACT = "daily_digital_take_up", "extracted_feedback"
FAILED = "fa-times"


def page(systems: Systems, dataset: str) -> str:
    return (systems.data_docs_dir / f"{dataset}.html").read_text(encoding="utf-8")


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL))


def test_the_page_is_that_of_the_latest_run_and_names_every_check(good: Systems) -> None:
    judged(good, TABLE)
    assert FAILED not in page(good, TABLE)
    run(good.warehouse, TABLE, "UPDATE {table} SET total_count = 99 WHERE {here}")
    judged(good, TABLE)
    assert [path.name for path in good.data_docs_dir.iterdir()] == [f"{TABLE}.html"]
    html = page(good, TABLE)
    assert html.rstrip().endswith("</html>")
    assert FAILED in html
    shown = words(html)
    assert [rule.sentence for rule in RULES[TABLE].values() if rule.sentence not in shown] == []
    assert "Channels add up to total. 1 days" in shown


def test_the_page_holds_no_value_of_an_extract(good: Systems, caplog: pytest.LogCaptureFixture) -> None:
    bad = "rating = 98765, page_path = '/a-secret-path'"
    run(good.warehouse, EXTRACT, f"UPDATE {{table}} SET {bad} WHERE {{here}}")
    assert set(not_passed(judged(good, EXTRACT)).values()) == {"failed"}
    shown = page(good, EXTRACT) + caplog.text
    assert FAILED in shown
    # A check that crashes on a value: the driver's message quotes it.
    columns = ", ".join(name for name in DATASETS[EXTRACT].column_names if name != "rating")
    run(
        good.warehouse,
        EXTRACT,
        "ALTER TABLE {table} RENAME TO renamed",
        f"CREATE VIEW {{table}} AS SELECT {columns}, page_path::bigint AS rating FROM perf.renamed",
    )
    try:
        assert "crashed" in not_passed(judged(good, EXTRACT)).values()
    finally:
        run(good.warehouse, EXTRACT, "DROP VIEW {table}", f"ALTER TABLE perf.renamed RENAME TO {EXTRACT}")
    shown += page(good, EXTRACT) + caplog.text
    assert "It could not be run." in shown
    assert [value for value in ("98765", "secret", "psycopg2") if value in shown] == []


def test_a_page_that_can_not_be_written_changes_no_verdict(good: Systems, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where the folder should be")
    run(good.warehouse, TABLE, "UPDATE {table} SET total_count = 99 WHERE {here}")
    failed = not_passed(judged(replace(good, data_docs_dir=occupied), TABLE))
    assert "channels_add_up_to_total" in {check for *_, check in failed}
    assert occupied.read_text() == "a file where the folder should be"


def test_pages_are_not_written_through_a_link_of_somebody_else(good: Systems, tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.mkdir()
    link.symlink_to(elsewhere)
    judged(replace(good, data_docs_dir=link), TABLE)
    assert list(elsewhere.iterdir()) == []
