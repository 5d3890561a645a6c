"""Breakdowns in the published files: none by day, and by month with small counts as empty, marked cells."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from perf_pipeline.catalogue.disclosure import COMPLETION, TAKE_UP, Breakdown
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.monthly_metrics.completion_rate import monthly_completion_rate
from perf_pipeline.monthly_metrics.digital_take_up import monthly_digital_take_up
from perf_pipeline.published.completion_rate import COMPLETION_RATE
from perf_pipeline.published.digital_take_up import DIGITAL_TAKE_UP
from perf_pipeline.published.files import write_dataset_files
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.published_days import publish, put

MAY = DayRange(date(2026, 5, 1), date(2026, 5, 31))
CHANNELS = {
    "health-and-welfare": (60, 0, 40, 0, 0, 9, 109),
    "property-and-financial": (70, 0, 50, 0, 0, 9, 129),
}
WITH_PHONE = CHANNELS | {"health-and-welfare": (60, 0, 40, 2, 0, 9, 111)}
STATES = {
    "health-and-welfare": (50, 40, 30, 20, 50, 40, 30),
    "property-and-financial": (70, 60, 50, 40, 70, 60, 50),
    "unknown": (9, 0, 0, 0, 9, 0, 0),
}
WITH_UNKNOWN = STATES | {"unknown": (9, 3, 0, 0, 9, 3, 0)}
Counts = Mapping[str, tuple[int, ...]]


def rows_of_day(day: date, counts: Counts, breakdown: Breakdown) -> Iterator[dict[str, Any]]:
    flags = {"is_provisional": False, "is_estimated": False}
    totals = tuple(map(sum, zip(*counts.values(), strict=True)))
    for lpa_type, values in {**counts, "all": totals}.items():
        cells = dict(zip(breakdown.columns, values, strict=True))
        yield {"service": "make-a-lpa", "report_date": day, "lpa_type": lpa_type, **cells, **flags}


def publish_take_up(systems: Systems) -> None:
    """May, with two applications by phone on one of its days."""
    rows = [row for day in MAY for row in rows_of_day(day, WITH_PHONE if day.day == 7 else CHANNELS, TAKE_UP)]
    put(systems, "daily_digital_take_up", [{**row, "digital_take_up_percent": 50} for row in rows])
    publish(systems, [monthly_digital_take_up, DIGITAL_TAKE_UP.asset()], MAY)


def publish_completion(systems: Systems, counts_of_first_day: Counts) -> None:
    days = dict.fromkeys(MAY, STATES) | {MAY.first: counts_of_first_day}
    rows = [row for day, counts in days.items() for row in rows_of_day(day, counts, COMPLETION)]
    cohorts = [name for name in COMPLETION.columns if name.startswith("cohort_")]
    key = ("service", "report_date", "lpa_type", "is_provisional")
    put(systems, "daily_application_events", [{name: row[name] for name in row if name not in cohorts} for row in rows])
    put(systems, "daily_completion_rate", [{name: row[name] for name in (*key, *cohorts)} for row in rows])
    publish(systems, [monthly_completion_rate, COMPLETION_RATE.asset()], MAY)


def files(systems: Systems, root: Path, indicator: IndicatorName, period: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The CSV rows by day and type. Where the CSV has an empty cell, the JSON beside it has null."""
    with transaction(systems.warehouse) as connection:
        list(write_dataset_files(connection, root, "make-a-lpa", indicator))
    path = root / "make-a-lpa" / f"{indicator}-{period}"
    rows = list(csv.DictReader(path.with_suffix(".csv").read_text(encoding="utf-8").splitlines()))
    for row, record in zip(rows, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), strict=True):
        assert [name for name, value in record.items() if value is None] == [
            name for name, cell in row.items() if not cell and name != "markers"
        ]
        assert "".join(f"[{letter}]" for letter in record["markers"]) == row["markers"]
    return {(row["period_start"], row["lpa_type"]): row for row in rows}


def test_daily_files_hold_total_rows_alone(publishing: Systems, tmp_path: Path) -> None:
    publish_take_up(publishing)
    publish_completion(publishing, STATES)
    for indicator in ("digital-take-up", "completion-rate"):
        daily = files(publishing, tmp_path, indicator, "daily")
        assert list(daily) == [(str(day), "all") for day in MAY]
        assert {row["markers"] for row in daily.values()} == {""}


def test_a_small_channel_of_a_month_and_paper_are_empty_and_the_share_stays(
    publishing: Systems, tmp_path: Path
) -> None:
    publish_take_up(publishing)
    rows = files(publishing, tmp_path, "digital-take-up", "monthly")
    for lpa_type in CHANNELS:
        row = rows["2026-05-01", lpa_type]
        assert [name for name in TAKE_UP.columns if not row[name]] == ["paper_count", "phone_count"]
        assert row["digital_take_up_percent"]
        assert row["markers"] == "[c][e]"
    total = rows["2026-05-01", "all"]
    assert (total["phone_count"], total["paper_count"], total["markers"]) == ("2", str(31 * 90), "[e]")


def test_a_small_state_of_a_month_empties_the_rows_of_all_types_but_the_majority(
    publishing: Systems, tmp_path: Path
) -> None:
    publish_completion(publishing, WITH_UNKNOWN)
    rows = files(publishing, tmp_path, "completion-rate", "monthly")
    for lpa_type in ("health-and-welfare", "unknown"):
        row = rows["2026-05-01", lpa_type]
        assert {row[name] for name in (*COMPLETION.columns, "cohort_completion_percent")} == {""}
        assert row["markers"] == "[c]"
    majority = rows["2026-05-01", "property-and-financial"]
    assert [majority[name] for name in COMPLETION.columns] == [str(31 * n) for n in STATES["property-and-financial"]]
    assert majority["markers"] == ""


def test_publishing_again_makes_no_new_version(publishing: Systems) -> None:
    publish_take_up(publishing)
    publish(publishing, [DIGITAL_TAKE_UP.asset()], DayRange(date(2026, 5, 7), date(2026, 5, 31)))
    with transaction(publishing.warehouse) as connection:
        superseded = connection.exec_driver_sql(
            "SELECT count(*) FROM perf.published_digital_take_up WHERE superseded_at IS NOT NULL"
        ).scalar_one()
    assert superseded == 0
