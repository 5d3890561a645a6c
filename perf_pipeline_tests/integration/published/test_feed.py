"""The OPG feed: what its consumer has always read, and nothing that it can't."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.services import Service, load_services
from perf_pipeline.published.feed import write_feeds
from perf_pipeline.warehouse.engine import transaction

PutFigure = Callable[..., None]
FeedsOf = Callable[..., dict[str, list[dict[str, Any]]]]
APRIL = "make_a_lasting_power_of_attorney_26_04.json"
MAKE_AN_LPA = load_services()["make-a-lpa"]
USE_AN_LPA = load_services()["use-an-lpa"]
INDICATOR_TABLES = ("published_user_satisfaction", "published_completion_rate", "published_digital_take_up")


@pytest.fixture
def feeds_of(emptied_warehouse: Engine, tmp_path: Path) -> FeedsOf:
    """Write the feed files of a service: their entries by name. Their numbers of entries are right."""

    def write(service: Service = MAKE_AN_LPA) -> dict[str, list[dict[str, Any]]]:
        with transaction(emptied_warehouse) as connection:
            written = list(write_feeds(connection, tmp_path, service))
        feeds = {Path(file.path).name: json.loads((tmp_path / file.path).read_text("utf-8")) for file in written}
        assert [file.rows for file in written] == [len(entries) for entries in feeds.values()]
        assert all(file.path.startswith("feeds/") for file in written)
        return feeds

    return write


def counts_of(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["dataType"]: entry["count"] for entry in entries}


@pytest.fixture
def april(put_figure: PutFigure) -> None:
    for table in INDICATOR_TABLES:
        put_figure(table)


@pytest.mark.usefixtures("april")
def test_a_month_is_one_file_with_every_figure_of_the_service(feeds_of: FeedsOf) -> None:
    feeds = feeds_of()
    assert list(feeds) == [APRIL]
    assert counts_of(feeds[APRIL]) == {
        "user-satisfaction-percent": 89,
        "very-satisfied": 8731,
        "satisfied": 4593,
        "neither": 1098,
        "dissatisfied": 211,
        "very-dissatisfied": 262,
        "digital-take-up": 40.9,
        "completion-rate": 58.3,
    }


@pytest.mark.usefixtures("april")
def test_every_entry_has_the_six_keys_with_the_types_that_its_reader_needs(feeds_of: FeedsOf) -> None:
    for entry in feeds_of()[APRIL]:
        assert list(entry) == ["_timestamp", "service", "channel", "count", "dataType", "period"]
        assert entry["_timestamp"] == "2026-04-01T00:00:00+00:00"
        assert re.fullmatch("[a-zA-Z-]+", entry["service"])
        assert re.fullmatch("[a-zA-Z-]+", entry["dataType"])
        assert type(entry["count"]) in (int, float)
        assert (entry["channel"], entry["period"]) == ("digital", "month")


@pytest.mark.usefixtures("april")
def test_counts_and_the_headline_are_whole_numbers(feeds_of: FeedsOf) -> None:
    counts = counts_of(feeds_of()[APRIL])
    fractional = {name for name, value in counts.items() if isinstance(value, float)}
    assert fractional == {"digital-take-up", "completion-rate"}


def test_a_completion_rate_waits_until_its_cohort_is_complete(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_completion_rate", markers="[p]")
    put_figure("published_digital_take_up", markers="[p]")
    (entries,) = feeds_of().values()
    assert [(entry["dataType"], entry["markers"]) for entry in entries] == [("digital-take-up", ["p"])]


def test_take_up_and_completion_are_rounded_once_from_counts(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    # 40.445 % would become 40.5 if its two published decimals, 40.45, were rounded again.
    put_figure("published_digital_take_up", online_count=80890, assisted_count=0, total_count=200000)
    put_figure("published_completion_rate", cohort_created_count=80890, cohort_started_count=200000)
    counts = counts_of(feeds_of()[APRIL])
    assert counts == {"digital-take-up": 40.4, "completion-rate": 40.4}


@pytest.mark.usefixtures("april")
def test_no_two_entries_of_a_file_share_timestamp_and_data_type(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_user_satisfaction", source="in-service")
    put_figure("published_user_satisfaction", published_at="2026-05-01T00:00:00Z", superseded_at="2026-06-01T00:00:00Z")
    for table in INDICATOR_TABLES:
        put_figure(table, period="day")
        put_figure(table, service="use-an-lpa")
    for table in INDICATOR_TABLES[1:]:
        put_figure(table, lpa_type="health-and-welfare")
    entries = feeds_of()[APRIL]
    keys = [(entry["_timestamp"], entry["dataType"]) for entry in entries]
    assert len(keys) == len(set(keys)) == 8
    assert {(entry["service"], entry["period"]) for entry in entries} == {("make-a-lpa", "month")}


@pytest.mark.usefixtures("april")
def test_ratings_are_those_of_the_headline_source(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_user_satisfaction", source="in-service", very_satisfied_count=1)
    counts = counts_of(feeds_of()[APRIL])
    assert counts["very-satisfied"] == 8731


def test_a_month_that_lacks_a_day_is_left_out(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_user_satisfaction", days_included_count=29, markers="[e][p]")
    put_figure("published_digital_take_up")
    put_figure("published_digital_take_up", period_start=date(2026, 3, 1), days_included_count=29)
    feeds = feeds_of()
    assert {name: list(counts_of(entries)) for name, entries in feeds.items()} == {APRIL: ["digital-take-up"]}


def test_a_month_that_is_not_available_is_left_out(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    nothing = dict.fromkeys(["online_count", "assisted_count", "total_count", "digital_take_up_percent"])
    days = dict.fromkeys(["days_included_count", "days_expected_count"])
    put_figure("published_digital_take_up", **nothing, **days, markers="[x]")
    assert feeds_of() == {}


def test_a_figure_that_is_null_is_left_out_and_its_counts_are_not(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    counts = dict.fromkeys(
        ["very_satisfied_count", "satisfied_count", "neither_count", "dissatisfied_count", "very_dissatisfied_count"], 0
    )
    put_figure("published_user_satisfaction", **counts, responses_count=0, headline_percent=None)
    put_figure("published_digital_take_up", online_count=0, assisted_count=0, total_count=0)
    entries = feeds_of()[APRIL]
    assert counts_of(entries) == dict.fromkeys(
        ["very-satisfied", "satisfied", "neither", "dissatisfied", "very-dissatisfied"], 0
    )


def test_markers_are_a_further_key_where_there_are_any(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_user_satisfaction", markers="[b][p]")
    put_figure("published_digital_take_up")
    entries = feeds_of()[APRIL]
    markers = {entry["dataType"]: entry.get("markers") for entry in entries}
    assert markers["user-satisfaction-percent"] == ["b", "p"]
    assert markers["digital-take-up"] is None


@pytest.mark.usefixtures("april")
def test_only_public_indicators_are_in_the_feed(feeds_of: FeedsOf) -> None:
    service = MAKE_AN_LPA.model_copy(
        update={"indicators": {"user-satisfaction": "internal", "digital-take-up": "public"}}
    )
    feeds = feeds_of(service)
    assert [list(counts_of(entries)) for entries in feeds.values()] == [["digital-take-up"]]


def test_another_service_has_files_of_its_own(put_figure: PutFigure, feeds_of: FeedsOf) -> None:
    put_figure("published_user_satisfaction", service="use-an-lpa")
    feeds = feeds_of(USE_AN_LPA)
    assert list(feeds) == ["use_a_lasting_power_of_attorney_26_04.json"]
    assert {entry["service"] for entry in feeds["use_a_lasting_power_of_attorney_26_04.json"]} == {"use-an-lpa"}


def test_a_change_of_headline_source_changes_the_ratings_of_the_feed_from_that_month_on(
    put_figure: PutFigure, feeds_of: FeedsOf
) -> None:
    eras = [{"from": "2021-03-01", "source": "done-page"}, {"from": "2026-05-01", "source": "in-service"}]
    service = Service.model_validate(MAKE_AN_LPA.model_dump(by_alias=True) | {"headline_sources": eras})
    put_figure("published_user_satisfaction")
    put_figure("published_user_satisfaction", source="in-service", very_satisfied_count=1)
    put_figure(
        "published_user_satisfaction", source="in-service", period_start=date(2026, 5, 1), very_satisfied_count=2
    )
    feeds = feeds_of(service)
    assert [counts_of(entries)["very-satisfied"] for entries in feeds.values()] == [8731, 2]
