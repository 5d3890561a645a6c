"""Done-page ratings out of overlapping exports: which one counts, and what is kept of the others (DOMAIN 3.4)."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.user_satisfaction import satisfaction_of_days
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting

HEADER = "creation date,path or service name,feedback,service satisfaction rating,type"
DAY = date(2026, 5, 4)
NEXT_DAY = date(2026, 5, 5)
DAYS = DayRange(DAY, NEXT_DAY)
NIGHT = datetime(2026, 6, 2, 2, 30, tzinfo=UTC)
A_NIGHT = timedelta(days=1)
PAGE = "lasting-power-of-attorney"


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def aggregate(day: date, rating: int, count: int, page: str = PAGE) -> str:
    return f"{day} 00:10:00,/done/{page},Rating of {rating}: {count},,aggregated-service-feedback"


def single(day: date, rating: int, page: str = PAGE) -> str:
    return f"{day} 10:00:00,{page},a comment,{rating},service-feedback"


def export(folder: Path, name: str, *lines: str, modified: date = date(2026, 6, 1)) -> Path:
    file = folder / name
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    instant = datetime(modified.year, modified.month, modified.day, 12, tzinfo=UTC).timestamp()
    os.utime(file, (instant, instant))
    return file


def extract(warehouse: Engine, folder: Path, at: datetime = NIGHT, days: DayRange = DAYS) -> None:
    extracting.done_page(warehouse, folder, days, at)


def figures(warehouse: Engine, days: DayRange = DAYS) -> dict[date, tuple[list[int], bool, bool]]:
    """By day: ratings of 5, 4, 3, 2, 1; whether they are provisional; whether they are an estimate."""
    with connected(warehouse) as connection:
        rows = satisfaction_of_days(connection, days).to_dict("records")
    return {
        row["report_date"]: ([row[name] for name in RATING_COUNTS], row["is_provisional"], row["is_estimated"])
        for row in rows
    }


def versions(warehouse: Engine, rating: int) -> list[Row[Any]]:
    return extracting.query(
        warehouse,
        "SELECT ratings_count, granularity, first_seen_at, superseded_at FROM perf.extracted_feedback"
        " WHERE rating = :rating AND report_date = :day ORDER BY first_seen_at",
        rating=rating,
        day=DAY,
    )


def test_an_aggregate_counts_every_rating_and_single_rows_add_nothing(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 274), aggregate(DAY, 1, 3), single(DAY, 5), single(DAY, 2))
    extract(warehouse, tmp_path)
    assert figures(warehouse) == {DAY: ([274, 0, 0, 0, 3], False, False)}


def test_a_day_counted_from_single_rows_is_provisional_and_an_estimate(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 10), single(NEXT_DAY, 4), single(NEXT_DAY, 4))
    extract(warehouse, tmp_path)
    assert figures(warehouse)[NEXT_DAY] == ([0, 2, 0, 0, 0], True, True)


def test_a_later_aggregate_supersedes_the_single_rows_and_keeps_them(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", single(DAY, 5), modified=date(2026, 5, 5))
    extract(warehouse, tmp_path)
    export(tmp_path, "b.csv", aggregate(DAY, 5, 12), modified=date(2026, 6, 1))
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert figures(warehouse)[DAY] == ([12, 0, 0, 0, 0], False, False)
    assert [tuple(row) for row in versions(warehouse, 5)] == [
        (1, "response", NIGHT, NIGHT + A_NIGHT),
        (12, "aggregate", NIGHT + A_NIGHT, None),
    ]


def test_of_overlapping_exports_the_newest_counts_whole(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "new.csv", aggregate(DAY, 5, 7), modified=date(2026, 6, 1))
    export(tmp_path, "old.csv", aggregate(DAY, 5, 6), aggregate(DAY, 4, 3), modified=date(2026, 5, 20))
    extract(warehouse, tmp_path)
    assert figures(warehouse)[DAY][0] == [7, 0, 0, 0, 0]


def test_reading_the_same_files_again_makes_no_new_version(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7))
    extract(warehouse, tmp_path)
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert [row.superseded_at for row in versions(warehouse, 5)] == [None]


def test_figures_that_go_back_to_an_earlier_value_are_a_version_again(warehouse: Engine, tmp_path: Path) -> None:
    for night, count in enumerate((70, 71, 70)):
        export(tmp_path, "a.csv", aggregate(DAY, 5, count), modified=date(2026, 6, 1 + night))
        extract(warehouse, tmp_path, NIGHT + night * A_NIGHT)
    assert [row.ratings_count for row in versions(warehouse, 5)] == [70, 71, 70]
    assert figures(warehouse)[DAY][0] == [70, 0, 0, 0, 0]


def test_the_older_file_counts_again_when_the_newer_one_is_taken_away(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "feedex_2026-05-04_2026-05-04_old.csv", aggregate(DAY, 5, 3), modified=date(2026, 5, 5))
    newer = export(tmp_path, "feedex_2026-05-04_2026-05-04_new.csv", aggregate(DAY, 5, 12), modified=date(2026, 6, 1))
    extract(warehouse, tmp_path)
    newer.unlink()
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert figures(warehouse)[DAY] == ([3, 0, 0, 0, 0], False, False)
    assert [row.ratings_count for row in versions(warehouse, 5)] == [12, 3]


def test_figures_stay_when_every_file_is_taken_away(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 12))
    extract(warehouse, tmp_path)
    (tmp_path / "a.csv").unlink()
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert figures(warehouse)[DAY] == ([12, 0, 0, 0, 0], False, False)
    assert len(versions(warehouse, 5)) == 1


def test_the_newer_file_may_take_back_a_day_while_it_is_there(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "old.csv", aggregate(DAY, 5, 12), modified=date(2026, 5, 20))
    export(tmp_path, "new.csv", aggregate(DAY, 5, 13), modified=date(2026, 6, 1))
    extract(warehouse, tmp_path)
    export(tmp_path, "new.csv", aggregate(NEXT_DAY, 5, 1), modified=date(2026, 6, 2))
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert figures(warehouse)[DAY][0] == [12, 0, 0, 0, 0]


def test_a_day_that_no_export_covers_is_not_known(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7))
    extract(warehouse, tmp_path)
    assert list(figures(warehouse)) == [DAY]
    assert list(extracting.ledger(warehouse, "done-page")) == [DAY]


def test_a_day_without_ratings_in_a_named_span_is_a_row_of_zeros(warehouse: Engine, tmp_path: Path) -> None:
    after = NEXT_DAY + A_NIGHT
    export(tmp_path, "feedex_2026-05-04_2026-05-06_lpa.csv", aggregate(DAY, 5, 7), aggregate(after, 5, 1))
    extract(warehouse, tmp_path)
    assert figures(warehouse)[NEXT_DAY] == ([0, 0, 0, 0, 0], False, False)


def test_days_of_the_done_page_are_utc_days(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", f"{DAY} 23:30:00,{PAGE},a comment,5,service-feedback")
    extract(warehouse, tmp_path)
    assert list(figures(warehouse)) == [DAY]


def test_the_ratings_of_another_service_are_not_ours(warehouse: Engine, tmp_path: Path) -> None:
    other = "use-lasting-power-of-attorney"
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7), aggregate(DAY, 5, 100, other), single(DAY, 1, other))
    extract(warehouse, tmp_path)
    assert figures(warehouse)[DAY][0] == [7, 0, 0, 0, 0]


def test_a_day_with_an_unreadable_aggregate_is_short_until_it_is_repaired(warehouse: Engine, tmp_path: Path) -> None:
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7), aggregate(DAY, 4, 3).replace(": 3", ": three"))
    extract(warehouse, tmp_path)
    assert figures(warehouse)[DAY] == ([7, 0, 0, 0, 0], True, True)
    assert extracting.quarantine(warehouse) == {"a.csv:3": "unreadable_count"}
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7), aggregate(DAY, 4, 3), modified=date(2026, 6, 2))
    extract(warehouse, tmp_path, NIGHT + A_NIGHT)
    assert figures(warehouse)[DAY] == ([7, 3, 0, 0, 0], False, False)
    assert extracting.quarantine(warehouse) == {}


def test_a_file_with_another_header_is_set_aside_and_the_others_are_used(warehouse: Engine, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("date,stars\n2026-05-04,5\n")
    export(tmp_path, "a.csv", aggregate(DAY, 5, 7))
    extract(warehouse, tmp_path)
    assert list(extracting.quarantine(warehouse)) == ["bad.csv"]
    assert figures(warehouse)[DAY][0] == [7, 0, 0, 0, 0]
