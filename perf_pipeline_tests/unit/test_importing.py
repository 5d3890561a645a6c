"""What a feed file of earlier months becomes in the series, and what of it is left out (DOMAIN 3.5)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from perf_pipeline.catalogue.metrics import Indicator
from perf_pipeline.catalogue.services import Service, Services, load_services
from perf_pipeline.errors import UsageError
from perf_pipeline.published.importing import History, history_of
from perf_pipeline.sources.published_history import read_feed
from perf_pipeline_tests.feeds import DATA_TYPES, Entry, clean_feed, entry, place_of, save_feed

NOW = datetime(2026, 7, 15, 3, tzinfo=UTC)
Row = dict[str, Any]


def history(folder: Path, entries: list[Entry], services: Services | None = None, now: datetime = NOW) -> History:
    return history_of(read_feed(save_feed(folder, entries)), services or load_services(), now)


def rows(found: History, indicator: Indicator = "user-satisfaction") -> dict[date, Row]:
    frame = found.figures.get(indicator)
    records = [] if frame is None else frame.to_dict("records")
    return {row["period_start"]: {str(name): value for name, value in row.items()} for row in records}


def without(entries: list[Entry], month: str, *data_types: str) -> list[Entry]:
    return [item for item in entries if not (item["_timestamp"].startswith(month) and item["dataType"] in data_types)]


def test_a_month_with_five_counts_has_both_percentages_and_the_method_that_gives_its_headline(tmp_path: Path) -> None:
    found = history(tmp_path, clean_feed())
    march, april = rows(found)[date(2026, 3, 1)], rows(found)[date(2026, 4, 1)]
    assert march == {
        "service": "make-a-lpa",
        "period_start": date(2026, 3, 1),
        "source": "done-page",
        "very_satisfied_count": 11620,
        "satisfied_count": 6044,
        "neither_count": 1380,
        "dissatisfied_count": 244,
        "very_dissatisfied_count": 302,
        "responses_count": 19590,
        "satisfied_percent": Decimal("90.17"),
        "satisfaction_score_percent": Decimal("86.29"),
        "headline_percent": 86,
        "headline_method": "weighted_mean",
        "markers": "",
    }
    assert (april["headline_percent"], april["headline_method"]) == (89, "top_two_box")
    assert found.left_out == ()


def test_the_first_month_of_a_method_is_a_break_in_the_series(tmp_path: Path) -> None:
    marked = {day: row["markers"] for day, row in rows(history(tmp_path, clean_feed())).items()}
    assert marked == {date(2026, 2, 1): "", date(2026, 3, 1): "", date(2026, 4, 1): "[b]", date(2026, 5, 1): ""}


def test_a_headline_without_counts_is_of_an_unknown_method(tmp_path: Path) -> None:
    found = history(tmp_path, without(clean_feed(), "2026-04", *DATA_TYPES))
    april = rows(found)[date(2026, 4, 1)]
    assert (april["headline_percent"], april["headline_method"]) == (89, "unknown")


def test_four_of_five_counts_are_left_out_and_the_headline_stays(tmp_path: Path) -> None:
    found = history(tmp_path, without(clean_feed(), "2026-04", "neither"))
    assert rows(found)[date(2026, 4, 1)]["headline_method"] == "unknown"
    assert found.left_out == ("2026-04: 4 of the five counts of ratings; expected all of them.",)


def test_a_headline_that_its_counts_do_not_give_is_left_out_and_the_counts_stay(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-04", "user-satisfaction-percent")]["count"] = 86
    found = history(tmp_path, entries)
    april = rows(found)[date(2026, 4, 1)]
    assert (april["headline_percent"], april["headline_method"], april["responses_count"]) == (None, None, 14895)
    (told,) = found.left_out
    assert told.startswith("entry 20 (2026-04-01, user-satisfaction-percent): count is 86; expected 89")


def test_a_number_that_is_written_as_a_text_is_taken(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "digital-take-up")]["count"] = "42"
    found = history(tmp_path, entries)
    assert rows(found, "digital-take-up")[date(2026, 3, 1)]["digital_take_up_percent"] == 42
    assert found.left_out == ()


def test_percentages_take_two_decimals_and_no_counts(tmp_path: Path) -> None:
    entries = [entry("2026-05-01", "digital-take-up", 40.905), entry("2026-05-01", "completion-rate", 74.9)]
    found = history(tmp_path, entries)
    take_up = rows(found, "digital-take-up")[date(2026, 5, 1)]
    assert take_up == {
        "service": "make-a-lpa",
        "period_start": date(2026, 5, 1),
        "lpa_type": "all",
        "digital_take_up_percent": Decimal("40.91"),
        "markers": "",
    }
    assert str(rows(found, "completion-rate")[date(2026, 5, 1)]["cohort_completion_percent"]) == "74.90"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (entry("2026-05-01", "uptime-percent", 99.9), "1 entry of uptime-percent, which no dataset holds."),
        (entry("2026-07-01", "digital-take-up", 38), "1 entry of a month that has not ended."),
        (entry("2026-06-01", "digital-take-up", 101), "entry 29 (2026-06-01, digital-take-up): count is 101; expected"),
        (entry("2026-06-01", "happiness", 3), 'entry 29 (2026-06-01, happiness): dataType "happiness" is unknown;'),
        (
            entry("2026-06-01", "digital-take-up", 38, period="week"),
            "entry 29 (2026-06-01, digital-take-up): period is",
        ),
    ],
)
def test_what_is_left_out_is_told(tmp_path: Path, more: Entry, told: str) -> None:
    found = history(tmp_path, [*clean_feed(), more])
    assert len(rows(found, "digital-take-up")) == 4
    (line,) = found.left_out
    assert line.startswith(told)


def test_two_entries_that_differ_are_both_left_out(tmp_path: Path) -> None:
    found = history(tmp_path, [*clean_feed(), entry("2026-05-01", "digital-take-up", 12)])
    assert date(2026, 5, 1) not in rows(found, "digital-take-up")
    assert [line.partition(":")[0] for line in found.left_out] == [
        "entry 29 (2026-05-01, digital-take-up)",
        "entry 28 (2026-05-01, digital-take-up)",
    ]


def test_days_are_left_out(tmp_path: Path) -> None:
    found = history(tmp_path, [entry("2026-05-04", "digital-take-up", 40, period="day")])
    assert (found.figures, found.left_out) == ({}, ("1 entry not of a month.",))


def test_a_figure_that_the_service_does_not_publish_is_left_out(tmp_path: Path) -> None:
    found = history(tmp_path, [item | {"service": "use-an-lpa"} for item in clean_feed()])
    assert list(found.figures) == ["user-satisfaction"]
    assert found.left_out == ("4 entries of digital-take-up: use-an-lpa does not publish digital-take-up.",)


def test_the_source_is_the_headline_source_of_the_month(tmp_path: Path) -> None:
    eras = [{"from": "2021-03-01", "source": "in-service"}, {"from": "2026-05-01", "source": "done-page"}]
    usual = load_services()["make-a-lpa"].model_dump(by_alias=True)
    services = Services((Service.model_validate(usual | {"headline_sources": eras}),))
    found = rows(history(tmp_path, clean_feed(), services))
    assert [row["source"] for row in found.values()] == ["in-service"] * 3 + ["done-page"]
    assert found[date(2026, 5, 1)]["markers"] == "[b]"


def test_a_file_about_an_unknown_service_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"about deputy-reporting, which is not in the services file\."):
        history(tmp_path, [item | {"service": "deputy-reporting"} for item in clean_feed()])


def test_a_file_without_entries_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"about no service"):
        history(tmp_path, [])
