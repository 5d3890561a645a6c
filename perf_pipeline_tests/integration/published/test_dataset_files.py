"""The CSV and JSON files of a release, to the byte."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.published.files import write_dataset_files
from perf_pipeline.warehouse.engine import transaction

PutFigure = Callable[..., None]
FilesOf = Callable[..., dict[str, bytes]]


@pytest.fixture
def files_of(emptied_warehouse: Engine, tmp_path: Path) -> FilesOf:
    """Write the files of an indicator: their contents by name. Their numbers of rows are right."""

    def write(indicator: IndicatorName, service: str = "make-a-lpa") -> dict[str, bytes]:
        with transaction(emptied_warehouse) as connection:
            written = list(write_dataset_files(connection, tmp_path, service, indicator))
        for file in written:
            content = (tmp_path / file.path).read_text(encoding="utf-8")
            rows = json.loads(content) if file.path.endswith(".json") else list(csv.reader(io.StringIO(content)))[1:]
            assert file.rows == len(rows)
        return {file.path.removeprefix(f"{service}/"): (tmp_path / file.path).read_bytes() for file in written}

    return write


def records(file: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file)
    return found


def test_a_monthly_csv_is_what_was_agreed_byte_for_byte(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_user_satisfaction", markers="[b]")
    assert files_of("user-satisfaction")["user-satisfaction-monthly.csv"] == (
        b"service,period_start,period,source,very_satisfied_count,satisfied_count,neither_count,dissatisfied_count,"
        b"very_dissatisfied_count,responses_count,satisfied_percent,satisfaction_score_percent,headline_percent,"
        b"headline_method,days_included_count,days_expected_count,origin,markers\r\n"
        b"make-a-lpa,2026-04-01,month,done-page,8731,4593,1098,211,262,14895,89.45,85.78,89,top_two_box,30,30,"
        b"computed,[b]\r\n"
    )


def test_a_daily_csv_has_no_days_columns(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_digital_take_up", period="day", markers="[e][p]")
    assert files_of("digital-take-up")["digital-take-up-daily.csv"] == (
        b"service,period_start,period,lpa_type,online_count,assisted_count,paper_count,phone_count,other_count,"
        b"unknown_count,total_count,digital_take_up_percent,origin,markers\r\n"
        b"make-a-lpa,2026-04-01,day,all,400,9,580,1,2,8,1000,40.90,computed,[e][p]\r\n"
    )


def test_percentages_have_two_decimals_always_and_the_headline_none(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure(
        "published_user_satisfaction", satisfied_percent="100", satisfaction_score_percent="84.5", headline_percent=100
    )
    text = files_of("user-satisfaction")["user-satisfaction-monthly.csv"].decode()
    assert ",100.00,84.50,100,top_two_box," in text


def test_a_missing_figure_is_an_empty_cell_and_a_json_null(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_completion_rate", started_count=0, created_per_started_percent=None)
    files = files_of("completion-rate")
    row = next(csv.DictReader(io.StringIO(files["completion-rate-monthly.csv"].decode())))
    assert (row["started_count"], row["created_per_started_percent"]) == ("0", "")
    record = records(files["completion-rate-monthly.json"])[0]
    assert (record["started_count"], record["created_per_started_percent"]) == (0, None)


def test_json_is_an_array_of_objects_with_numbers_days_and_lists_of_markers(
    put_figure: PutFigure, files_of: FilesOf
) -> None:
    put_figure("published_digital_take_up", markers="[b][p]")
    assert records(files_of("digital-take-up")["digital-take-up-monthly.json"]) == [
        {
            "service": "make-a-lpa",
            "period_start": "2026-04-01",
            "period": "month",
            "lpa_type": "all",
            "online_count": 400,
            "assisted_count": 9,
            "paper_count": 580,
            "phone_count": 1,
            "other_count": 2,
            "unknown_count": 8,
            "total_count": 1000,
            "digital_take_up_percent": 40.9,
            "days_included_count": 30,
            "days_expected_count": 30,
            "origin": "computed",
            "markers": ["b", "p"],
        }
    ]


def test_json_without_markers_has_an_empty_list(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_digital_take_up")
    files = files_of("digital-take-up")
    assert records(files["digital-take-up-monthly.json"])[0]["markers"] == []


def test_csv_and_json_have_the_same_columns_and_keys_in_the_same_order(
    put_figure: PutFigure, files_of: FilesOf
) -> None:
    for period in ("day", "month"):
        put_figure("published_completion_rate", period=period)
    files = files_of("completion-rate")
    for name in ("daily", "monthly"):
        header = files[f"completion-rate-{name}.csv"].decode().split("\r\n")[0].split(",")
        assert list(records(files[f"completion-rate-{name}.json"])[0]) == header


def test_rows_stand_in_the_order_of_their_key_by_c_collation(put_figure: PutFigure, files_of: FilesOf) -> None:
    for month in (5, 4):
        for lpa_type in ("unknown", "property-and-financial", "all", "health-and-welfare"):
            put_figure("published_digital_take_up", period_start=date(2026, month, 1), lpa_type=lpa_type)
    rows = records(files_of("digital-take-up")["digital-take-up-monthly.json"])
    keys = [(row["period_start"], row["lpa_type"]) for row in rows]
    assert keys == sorted(keys)
    assert len(keys) == 8


def test_a_superseded_version_is_in_no_file(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_digital_take_up", total_count=999, superseded_at="2026-06-02T00:00:00Z")
    put_figure("published_digital_take_up", published_at="2026-06-02T00:00:00Z")
    rows = records(files_of("digital-take-up")["digital-take-up-monthly.json"])
    assert [row["total_count"] for row in rows] == [1000]


def test_a_service_has_its_own_figures_alone(put_figure: PutFigure, files_of: FilesOf) -> None:
    put_figure("published_user_satisfaction")
    put_figure("published_user_satisfaction", service="use-an-lpa", responses_count=1)
    rows = records(files_of("user-satisfaction", "use-an-lpa")["user-satisfaction-monthly.json"])
    assert [row["responses_count"] for row in rows] == [1]


def test_without_figures_the_files_are_there_with_their_header(files_of: FilesOf) -> None:
    files = files_of("digital-take-up")
    assert set(files) == {
        f"digital-take-up-{period}.{kind}" for period in ("daily", "monthly") for kind in ("csv", "json")
    }
    assert files["digital-take-up-daily.csv"].endswith(b"origin,markers\r\n")
    assert records(files["digital-take-up-daily.json"]) == []
