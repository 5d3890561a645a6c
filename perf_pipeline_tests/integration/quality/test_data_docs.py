"""The page of each dataset's checks: what held and what did not in the latest run, and no value of an extract."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.quality.data_docs import INDEX, link_to, write_index
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.stand_ins import record_stand_ins
from perf_pipeline_tests.integration.quality.judged import THURSDAY, WEEK, judged, not_passed, run

TABLE, EXTRACT = "daily_digital_take_up", "extracted_feedback"
MONTHLY = "monthly_digital_take_up"


def page(systems: Systems, name: str) -> str:
    return (systems.data_docs_dir / name).read_text(encoding="utf-8")


def words(html: str) -> str:
    """What a reader sees."""
    return " ".join(unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)).split())


def test_the_page_is_that_of_the_latest_run_and_names_every_check(good: Systems) -> None:
    judged(good, TABLE)
    passed = f"All {len(RULES[TABLE])} checks passed, {WEEK}."
    assert passed in words(page(good, f"{TABLE}.html"))
    assert NOTICE not in words(page(good, f"{TABLE}.html"))
    with transaction(good.warehouse) as connection:
        record_stand_ins(connection, [("make-a-lpa", "sirius")])
    run(good.warehouse, TABLE, "UPDATE {table} SET total_count = 99 WHERE {here}")
    judged(good, TABLE)
    html = page(good, f"{TABLE}.html")
    assert f"<title>{TABLE}, {WEEK}: checks</title>" in html
    shown = words(html)
    assert passed not in shown
    assert re.search(rf"\d of {len(RULES[TABLE])} checks did not pass, {WEEK}: .*channels_add_up_to_total", shown)
    assert [rule.sentence for rule in RULES[TABLE].values() if rule.sentence not in shown] == []
    assert re.search(rf"Failed Channels add up to total\. .* make-a-lpa: {THURSDAY} Found", shown)
    assert re.search(rf"{THURSDAY}, make-a-lpa: .*99.* Next step: ", shown)
    assert NOTICE in shown


def test_the_index_leads_to_every_page_and_every_page_back(good: Systems) -> None:
    for dataset in (MONTHLY, TABLE):
        judged(good, dataset)
    index = page(good, INDEX)
    pages = re.findall(r'href="([^"]+)"', index)
    assert pages == [f"{TABLE}.html", f"{MONTHLY}.html"]
    assert {re.findall(r'href="([^"]+)"', page(good, name))[0] for name in pages} == {INDEX}
    assert words(index).count("checks passed") == len(pages)
    assert {path.name for path in good.data_docs_dir.iterdir()} == {INDEX, *pages}
    assert link_to(good.data_docs_address, TABLE) == f"{good.data_docs_address}/{pages[0]}"


def test_pages_load_nothing_so_they_look_right_without_a_network(good: Systems) -> None:
    judged(good, TABLE)
    pages = [page(good, name) for name in (INDEX, f"{TABLE}.html")]
    assert [html for html in pages if re.search(r"<link|<script|src=|url\(|@import|https?:", html)] == []


def test_before_the_first_check_the_index_says_what_to_do(tmp_path: Path) -> None:
    write_index(tmp_path / "data_docs")
    shown = words((tmp_path / "data_docs" / INDEX).read_text(encoding="utf-8"))
    assert "Nothing has been checked yet. perf-pipeline nightly builds and checks every day." in shown


def test_the_page_holds_no_value_of_an_extract(good: Systems, caplog: pytest.LogCaptureFixture) -> None:
    bad = "rating = 98765, page_path = '/a-secret-path'"
    run(good.warehouse, EXTRACT, f"UPDATE {{table}} SET {bad} WHERE {{here}}")
    assert set(not_passed(judged(good, EXTRACT)).values()) == {"failed"}
    shown = page(good, f"{EXTRACT}.html") + caplog.text
    assert ">Failed<" in shown
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
    shown += page(good, f"{EXTRACT}.html") + caplog.text
    assert ">Not run<" in shown
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
