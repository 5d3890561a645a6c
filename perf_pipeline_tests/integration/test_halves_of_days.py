"""A day of which a source gives only half: what was whole before stays, and no total is made of two readings."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline_tests import extracting

DAY = date(2026, 5, 14)
DAYS = DayRange(DAY, DAY)
FIRST_NIGHT, NEXT_NIGHT = datetime(2026, 6, 2, 3, tzinfo=UTC), datetime(2026, 6, 3, 3, tzinfo=UTC)
HEADER = "creation date,path or service name,feedback,service satisfaction rating,type\n"


def channel_counts(warehouse: Engine) -> list[tuple[str, int]]:
    rows = extracting.query(
        warehouse,
        "SELECT lpa_type, total_count FROM perf.extracted_channel_counts WHERE superseded_at IS NULL ORDER BY lpa_type",
    )
    return [(row.lpa_type, row.total_count) for row in rows]


def spoil_one_type_and_change_the_other(answer: dict[str, Any]) -> None:
    for row in answer.get("data", []):
        row["channels"]["online"] += 1000
        # The total of one type follows, that of the other does not.
        row["total"] += 1000 if row["caseSubtype"] == "hw" else 0


def test_a_new_count_of_one_type_is_not_put_beside_an_old_one_of_the_other(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    extracting.channel_counts(warehouse, sirius_url, DAYS, FIRST_NIGHT)
    before = channel_counts(warehouse)
    behaviour.edit_answer = spoil_one_type_and_change_the_other
    extracting.channel_counts(warehouse, sirius_url, DAYS, NEXT_NIGHT)
    assert channel_counts(warehouse) == before
    assert extracting.ledger(warehouse, "sirius")[DAY].outcome == "waiting"
    behaviour.edit_answer = None
    extracting.channel_counts(warehouse, sirius_url, DAYS, NEXT_NIGHT)
    assert extracting.ledger(warehouse, "sirius")[DAY].outcome == "delivered"


def export(folder: Path, name: str, *ratings: str) -> None:
    lines = [
        f"{DAY} 00:00:00,/done/{extracting.PAGE},Rating of {rating},,aggregated-service-feedback\n"
        for rating in ratings
    ]
    (folder / name).write_text(HEADER + "".join(lines), encoding="utf-8")


def ratings(warehouse: Engine) -> int:
    (row,) = extracting.query(
        warehouse, "SELECT sum(ratings_count) AS given FROM perf.extracted_feedback WHERE superseded_at IS NULL"
    )
    return int(row.given)


def test_a_newer_export_with_unusable_counts_does_not_replace_a_whole_day(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "1.csv", "5: 700", "4: 100")
    extracting.done_page(warehouse, tmp_path, DAYS, FIRST_NIGHT)
    export(tmp_path, "2.csv", "5: seven hundred", "4: 100")
    extracting.done_page(warehouse, tmp_path, DAYS, NEXT_NIGHT)
    assert ratings(warehouse) == 800
    assert extracting.quarantine(warehouse) == {"2.csv:2": "unreadable_count"}
    export(tmp_path, "3.csv", "5: 701", "4: 100")
    extracting.done_page(warehouse, tmp_path, DAYS, NEXT_NIGHT)
    assert ratings(warehouse) == 801


def test_a_first_export_with_unusable_counts_gives_what_can_be_read_and_says_that_it_is_short(
    warehouse: Engine, tmp_path: Path
) -> None:
    export(tmp_path, "1.csv", "5: seven hundred", "4: 100")
    extracting.done_page(warehouse, tmp_path, DAYS, FIRST_NIGHT)
    assert ratings(warehouse) == 100
    assert extracting.ledger(warehouse, "done-page")[DAY].is_short
