"""Small counts of breakdowns on their way to the files: empty cells, marked, by day and by month."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from perf_pipeline.catalogue.disclosure import COMPLETION, TAKE_UP, Breakdown
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.monthly_metrics.completion_rate import monthly_completion_rate
from perf_pipeline.monthly_metrics.digital_take_up import monthly_digital_take_up
from perf_pipeline.published.completion_rate import published_completion_rate
from perf_pipeline.published.digital_take_up import published_digital_take_up
from perf_pipeline.published.files import write_dataset_files
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.published_days import publish, put

MAY = DayRange(date(2026, 5, 1), date(2026, 5, 31))
BUSY = {
    "health-and-welfare": (60, 0, 40, 0, 0, 9, 109),
    "property-and-financial": (70, 0, 50, 0, 0, 9, 129),
}
QUIET = {
    "health-and-welfare": (60, 2, 40, 0, 0, 9, 111),
    "property-and-financial": (70, 0, 50, 0, 0, 9, 129),
}
STATES = {
    "health-and-welfare": (50, 40, 30, 20, 50, 40, 30),
    "property-and-financial": (70, 60, 50, 40, 70, 60, 50),
    "unknown": (9, 2, 0, 0, 9, 3, 0),
}
Counts = Mapping[str, tuple[int, ...]]


def rows_of_day(day: date, counts: Counts, breakdown: Breakdown) -> Iterator[dict[str, Any]]:
    flags = {"is_provisional": False, "is_estimated": False}
    totals = tuple(map(sum, zip(*counts.values(), strict=True)))
    for lpa_type, values in {**counts, "all": totals}.items():
        cells = dict(zip(breakdown.columns, values, strict=True))
        yield {"service": "make-a-lpa", "report_date": day, "lpa_type": lpa_type, **cells, **flags}


def put_take_up(systems: Systems, quiet_days: set[int]) -> None:
    rows = [
        {**row, "digital_take_up_percent": 50}
        for day in MAY
        for row in rows_of_day(day, QUIET if day.day in quiet_days else BUSY, TAKE_UP)
    ]
    put(systems, "daily_digital_take_up", rows)


def put_states(systems: Systems) -> None:
    rows = [row for day in MAY for row in rows_of_day(day, STATES, COMPLETION)]
    cohorts = [name for name in COMPLETION.columns if name.startswith("cohort_")]
    events = [{name: value for name, value in row.items() if name not in cohorts} for row in rows]
    key = ("service", "report_date", "lpa_type", "is_provisional")
    put(systems, "daily_application_events", events)
    put(systems, "daily_completion_rate", [{name: row[name] for name in (*key, *cohorts)} for row in rows])


def files(systems: Systems, root: Path, indicator: IndicatorName, period: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The CSV rows by day and type; the JSON beside it holds null and a list where the CSV holds nothing and a cell."""
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


def test_a_small_channel_is_an_empty_cell_marked_c_and_the_total_row_is_whole(
    publishing: Systems, tmp_path: Path
) -> None:
    put_take_up(publishing, quiet_days={7, 8})
    publish(publishing, [monthly_digital_take_up, published_digital_take_up], MAY)
    rows = files(publishing, tmp_path, "digital-take-up", "daily")
    total = rows["2026-05-07", "all"]
    assert (total["assisted_count"], total["digital_take_up_percent"], total["markers"]) == ("2", "50.00", "")
    for lpa_type in ("health-and-welfare", "property-and-financial"):
        row = rows["2026-05-07", lpa_type]
        assert [row["assisted_count"], row["unknown_count"], row["digital_take_up_percent"]] == ["", "", ""]
        assert row["markers"] == "[c]"
        assert row["online_count"] == str(QUIET[lpa_type][0])
        assert rows["2026-05-06", lpa_type]["digital_take_up_percent"] == "50.00"
        assert rows["2026-05-06", lpa_type]["markers"] == ""


@pytest.mark.parametrize("days", [MAY, DayRange(date(2026, 5, 31), date(2026, 5, 31))])
def test_a_month_hides_what_one_of_its_days_hides_whichever_days_are_published(
    publishing: Systems, tmp_path: Path, days: DayRange
) -> None:
    put_take_up(publishing, quiet_days={7})
    publish(publishing, [monthly_digital_take_up, published_digital_take_up], days)
    row = files(publishing, tmp_path, "digital-take-up", "monthly")["2026-05-01", "health-and-welfare"]
    assert (row["assisted_count"], row["unknown_count"], row["digital_take_up_percent"]) == ("", "", "")
    assert (row["online_count"], row["total_count"]) == (str(31 * 60), str(31 * 109 + 2))
    assert "[c]" in row["markers"]


def test_a_small_state_hides_the_row_of_its_type_and_the_next_but_not_the_largest(
    publishing: Systems, tmp_path: Path
) -> None:
    put_states(publishing)
    publish(publishing, [monthly_completion_rate, published_completion_rate], MAY)
    rows = files(publishing, tmp_path, "completion-rate", "daily")
    for lpa_type in ("health-and-welfare", "unknown"):
        row = rows["2026-05-07", lpa_type]
        assert {row[name] for name in COMPLETION.columns} == {""}
        assert row["markers"] == "[c]"
    largest = rows["2026-05-07", "property-and-financial"]
    assert [largest[name] for name in COMPLETION.columns] == [str(count) for count in STATES["property-and-financial"]]
    assert largest["markers"] == ""


def test_a_month_whose_counts_are_large_is_shown(publishing: Systems, tmp_path: Path) -> None:
    put_states(publishing)
    publish(publishing, [monthly_completion_rate, published_completion_rate], MAY)
    rows = files(publishing, tmp_path, "completion-rate", "monthly")
    assert rows["2026-05-01", "health-and-welfare"]["started_count"] == str(31 * 50)


def test_suppressing_again_changes_nothing(publishing: Systems) -> None:
    put_take_up(publishing, quiet_days={7, 8})
    publish(publishing, [monthly_digital_take_up, published_digital_take_up], MAY)
    publish(publishing, [published_digital_take_up], DayRange(date(2026, 5, 7), date(2026, 5, 31)))
    with transaction(publishing.warehouse) as connection:
        superseded = connection.exec_driver_sql(
            "SELECT count(*) FROM perf.published_digital_take_up WHERE superseded_at IS NOT NULL"
        ).scalar_one()
    assert superseded == 0
