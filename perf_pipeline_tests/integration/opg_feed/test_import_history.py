"""The command `import-history`: imported months in tables and files, until computed ones supersede them."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, Row, insert

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.published.files import file_columns
from perf_pipeline.published.summary import published_months
from perf_pipeline.published.user_satisfaction import USER_SATISFACTION
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests import extracting
from perf_pipeline_tests.commands import Call, Called
from perf_pipeline_tests.extracting import SERVICE
from perf_pipeline_tests.feeds import Entry, clean_feed, entry, place_of, save_feed
from perf_pipeline_tests.passing import let_pass
from perf_pipeline_tests.published_days import publish

MAY = date(2026, 5, 1)
PutFigure = Callable[..., None]
Import = Callable[[list[Entry]], Called]


@pytest.fixture
def take(call: Call, emptied_warehouse: Engine, tmp_path: Path) -> Import:
    """Run the command on entries, in the test's warehouse."""

    def run(entries: list[Entry]) -> Called:
        url = emptied_warehouse.url.render_as_string(hide_password=False)
        path = save_feed(tmp_path, entries)
        return call("import-history", str(path), PERF_DATABASE_URL=url)

    return run


def versions(warehouse: Engine, indicator: str = "user_satisfaction") -> list[Row[tuple[object, ...]]]:
    return extracting.query(
        warehouse, f"SELECT * FROM perf.published_{indicator} ORDER BY period_start, period, published_at"
    )


def log(warehouse: Engine) -> list[Row[tuple[object, ...]]]:
    return extracting.query(warehouse, "SELECT * FROM perf.revision_log ORDER BY figure")


def months(folder: Path, indicator: str) -> list[dict[str, str]]:
    with (folder / SERVICE / f"{indicator}-monthly.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_hold_the_months_as_imported(take: Import, tmp_path: Path) -> None:
    called = take([*clean_feed(), entry("2026-05-01", "uptime-percent", 99.9)])
    assert (called.status, called.err) == (0, "Loading the pipeline …\n")
    assert called.out.splitlines() == [
        "Left out: 1 entry of uptime-percent, which no dataset holds.",
        "user-satisfaction: 4 months imported (2026-02 to 2026-05), 4 of them new or changed.",
        "digital-take-up: 4 months imported (2026-02 to 2026-05), 4 of them new or changed.",
        "",
        f"Files: {tmp_path / 'published'}",
    ]
    satisfaction = months(tmp_path / "published", "user-satisfaction")
    assert [row["period_start"] for row in satisfaction] == ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"]
    assert list(satisfaction[0]) == file_columns(DATASETS["published_user_satisfaction"], "month")
    april = (
        "make-a-lpa,2026-04-01,month,done-page,8731,4593,1098,211,262,14895,89.45,85.78,89,top_two_box,,,imported,[b]"
    )
    assert ",".join(satisfaction[2].values()) == april
    take_up = months(tmp_path / "published", "digital-take-up")
    assert [row["digital_take_up_percent"] for row in take_up] == ["42.50", "42.00", "40.90", "38.30"]
    assert {row["online_count"] + row["total_count"] for row in take_up} == {""}


def test_importing_twice_changes_nothing(take: Import, emptied_warehouse: Engine, tmp_path: Path) -> None:
    take(clean_feed())
    before, manifest = versions(emptied_warehouse), (tmp_path / "published" / "manifest.json").read_text()
    called = take(clean_feed())
    assert "user-satisfaction: 4 months imported (2026-02 to 2026-05), 0 of them new or changed." in called.out
    assert versions(emptied_warehouse) == before
    assert log(emptied_warehouse) == []
    assert (tmp_path / "published" / "manifest.json").read_text() == manifest


def test_a_later_file_with_another_value_makes_a_version_with_its_cause(
    take: Import, emptied_warehouse: Engine
) -> None:
    take(clean_feed())
    entries = clean_feed()
    entries[place_of("2026-05", "digital-take-up")]["count"] = 39.1
    take(entries)
    (change,) = log(emptied_warehouse)
    assert (change.figure, change.earlier_value, change.later_value, change.revision_cause) == (
        "digital_take_up_percent", "38.30", "39.10", "correction",
    )  # fmt: skip
    assert len(versions(emptied_warehouse, "digital_take_up")) == 5


def test_a_computed_month_is_left_alone(take: Import, put_figure: PutFigure, emptied_warehouse: Engine) -> None:
    put_figure("published_digital_take_up", period_start=MAY)
    put_figure("published_user_satisfaction", period_start=MAY, source="in-service")
    called = take(clean_feed())
    assert "user-satisfaction: 4 months imported (2026-02 to 2026-05)" in called.out
    alone = "digital-take-up: 3 months imported (2026-02 to 2026-04), 3 of them new or changed; 1 left alone"
    assert f"{alone}, as computed figures are in force." in called.out
    (may,) = [row for row in versions(emptied_warehouse, "digital_take_up") if row.period_start == MAY]
    assert (may.origin, may.superseded_at) == ("computed", None)


def test_a_computed_month_supersedes_the_imported_one_with_its_cause(
    take: Import, publishing: Systems, emptied_warehouse: Engine
) -> None:
    take(clean_feed())
    month = {
        "service": SERVICE,
        "month_start": MAY,
        "source": "done-page",
        **dict(zip(RATING_COUNTS, (8600, 4386, 1054, 192, 251), strict=True)),
        "responses_count": 14483,
        "satisfied_percent": "89.66",
        "satisfaction_score_percent": "86.10",
        "headline_percent": 90,
        "headline_method": "top_two_box",
        "days_included_count": 31,
        "days_expected_count": 31,
        "is_provisional": False,
        "is_estimated": False,
    }
    with transaction(emptied_warehouse) as connection:
        connection.execute(insert(TABLES["monthly_user_satisfaction"]), month)
    let_pass(emptied_warehouse, "monthly_user_satisfaction")
    publish(publishing, [USER_SATISFACTION.asset()], DayRange(MAY, date(2026, 5, 31)))
    imported, computed = (row for row in versions(emptied_warehouse) if row.period_start == MAY)
    assert (imported.origin, computed.origin) == ("imported", "computed")
    assert imported.superseded_at is not None
    assert computed.revision_cause == "import-superseded"
    assert {row.revision_cause for row in log(emptied_warehouse)} == {"import-superseded"}
    assert "very_dissatisfied_count" in {row.figure for row in log(emptied_warehouse)}
    assert "1 left alone, as computed figures are in force" in take(clean_feed()).out


def test_the_table_of_months_shows_imported_ones(take: Import, emptied_warehouse: Engine) -> None:
    take([item for item in clean_feed() if item["dataType"] in ("user-satisfaction-percent", "digital-take-up")])
    first, *_ = published_months(emptied_warehouse, load_services())
    assert first == ("2026-02", SERVICE, "done-page", "", "85 %", "unknown", "", "42.50 %")


def test_a_file_without_usable_entries_imports_nothing(take: Import) -> None:
    called = take([entry("2026-05-01", "uptime-percent", 99.9)])
    assert (called.status, called.out.splitlines()[1]) == (0, "Nothing was imported.")


def test_a_file_about_another_service_is_a_wrong_call(take: Import, emptied_warehouse: Engine) -> None:
    called = take([item | {"service": "deputy-reporting"} for item in clean_feed()])
    assert (called.status, called.out) == (2, "")
    assert called.err.startswith("Error: The file is about deputy-reporting, which is not in the services file.")
    assert versions(emptied_warehouse) == []
