"""Nothing that may tell who somebody is reaches the warehouse (DOMAIN 3.1, traps 8 and 10; DESIGN 2, promise 8)."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import SettingsError
from perf_pipeline.orchestration.hash_key import check_hash_key
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_application, insert_feedback

DAYS = DayRange(date(2026, 5, 4), date(2026, 5, 4))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NIGHT_AFTER = datetime(2026, 5, 5, 2, 30, tzinfo=UTC)
PAGE = "lasting-power-of-attorney"
SECRETS = {
    "details": "Margaret's own words",
    "agent": "Mozilla of Margaret",
    "email": "margaret@example.com",
    "phone": "07700 900123",
}


def everything_in(warehouse: Engine) -> str:
    """Every row of every table, as text."""
    return "\n".join(
        str(row.whole)
        for table in METADATA.sorted_tables
        for row in extracting.query(warehouse, f"SELECT t::text AS whole FROM perf.{table.name} AS t")
    )


@pytest.mark.parametrize("rating", ["satisfied", "Margaret is satisfied"])
def test_no_word_of_a_message_reaches_the_warehouse(lpa: LpaDatabase, rating: str) -> None:
    for _ in range(2):
        insert_feedback(lpa.cursor, NOON, rating, from_page="/lpa/Margaret%20Smith?email=margaret@x.uk", **SECRETS)
    extracting.in_service(lpa.warehouse, lpa.url, DAYS, NIGHT_AFTER)
    whole = everything_in(lpa.warehouse)
    assert "in-service" in whole
    for secret in ("argaret", "Mozilla", "example", "07700", "900123", "own words", "Smith"):
        assert secret not in whole


def test_no_word_of_an_export_reaches_the_warehouse(emptied_warehouse: Engine, tmp_path: Path) -> None:
    (tmp_path / "feedex_2026-05-04_2026-05-06_x.csv").write_text(
        "creation date,path or service name,feedback,service satisfaction rating,browser name,user agent,type\n"
        f'2026-05-04 10:00:00,{PAGE},"Margaret\'s own words",4,Mozilla,Mozilla of Margaret,service-feedback\n'
        f'2026-05-04 10:00:00,{PAGE},"Margaret\'s own words",Margaret,Mozilla,Margaret,service-feedback\n'
        f'2026-05-05 00:00:00,/done/{PAGE},"Rating of 5: Margaret",,,,aggregated-service-feedback\n'
    )
    days = DayRange(date(2026, 5, 4), date(2026, 5, 5))
    extracting.done_page(emptied_warehouse, tmp_path, days, NIGHT_AFTER)
    whole = everything_in(emptied_warehouse)
    assert "unreadable_rating" in whole
    for secret in ("argaret", "Mozilla", "own words"):
        assert secret not in whole


@pytest.mark.parametrize(
    ("from_page", "page_path"),
    [
        ("/home", "/home"),
        ("https://www.lastingpowerofattorney.service.gov.uk/lpa/type?lpa=1#top", "/lpa/type"),
        ("/application/12345678901/donor", "/application/-/donor"),
        ("/application/12345/67890", "/application/-/-"),
        ("/reset/a1b2c3d4-token", "/reset/-"),
        ("/margaret@example.com", None),
        ("/a page", None),
        ("<script>alert(1)</script>", None),
        ("", None),
    ],
)
def test_a_page_is_kept_by_its_path_without_anything_that_identifies(
    lpa: LpaDatabase, from_page: str, page_path: str | None
) -> None:
    insert_feedback(lpa.cursor, NOON, "satisfied", from_page=from_page)
    extracting.in_service(lpa.warehouse, lpa.url, DAYS, NIGHT_AFTER)
    (row,) = extracting.query(lpa.warehouse, "SELECT page_path FROM perf.extracted_feedback")
    assert row.page_path == page_path


def test_of_an_id_there_is_a_hash_that_can_not_be_made_without_the_key(lpa: LpaDatabase) -> None:
    insert_application(lpa.cursor, started_at=NOON, created_at=NOON, id=73_519_284_660)
    insert_application(lpa.cursor, completed_at=NOON, id=1)
    extracting.applications(lpa.warehouse, lpa.url, DAYS, NIGHT_AFTER, key=b"the key")
    assert "73519284660" not in everything_in(lpa.warehouse)
    (row,) = extracting.query(
        lpa.warehouse,
        "SELECT application_hash = left(encode(sha256('1'), 'hex'), 32)::uuid AS is_plain,"
        " application_hash AS hash FROM perf.extracted_application_states WHERE started_at IS NULL",
    )
    assert not row.is_plain
    # HMAC-SHA256("the key", "1"), as any other tool makes it.
    assert row.hash.hex == "a6d9f2d9c11b39b3f6ff794001ffcd56"


def test_a_change_of_the_key_is_refused_and_the_warehouse_does_not_hold_it(emptied_warehouse: Engine) -> None:
    check_hash_key(emptied_warehouse, b"the key")
    check_hash_key(emptied_warehouse, b"the key")
    with pytest.raises(SettingsError, match="another key, so every application would count twice") as refusal:
        check_hash_key(emptied_warehouse, b"another key")
    assert "PERF_HASH_KEY" in refusal.value.next_step
    whole = everything_in(emptied_warehouse)
    assert "hash_key_fingerprint" in whole
    assert "the key" not in whole
    assert b"the key".hex() not in whole
