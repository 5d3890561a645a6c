"""What a feed file adds to the published series, and which of its entries are left out (DOMAIN 3.5)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.services import Service, Services, load_services
from perf_pipeline.errors import UsageError
from perf_pipeline.opg_feed.entries import read_feed
from perf_pipeline.opg_feed.importing import History, history_of
from perf_pipeline_tests.feeds import Entry, clean_feed, entry, place_of, save_feed

NOW = datetime(2026, 7, 15, 3, tzinfo=UTC)
APRIL = date(2026, 4, 1)
MAY = date(2026, 5, 1)


def history(folder: Path, entries: list[Entry], services: Services | None = None) -> History:
    return history_of(read_feed(save_feed(folder, entries), NOW.date()), services or load_services(), NOW)


def rows(found: History, indicator: IndicatorName = "user-satisfaction") -> dict[date, dict[str, object]]:
    records = found.figures[indicator].to_dict("records")
    return {row["period_start"]: {str(name): value for name, value in row.items()} for row in records}


def test_a_month_with_five_counts_has_both_percentages_and_the_method_of_its_headline(tmp_path: Path) -> None:
    found = history(tmp_path, clean_feed())
    assert rows(found)[APRIL] == {
        "service": "make-a-lpa",
        "period_start": APRIL,
        "source": "done-page",
        "very_satisfied_count": 8731,
        "satisfied_count": 4593,
        "neither_count": 1098,
        "dissatisfied_count": 211,
        "very_dissatisfied_count": 262,
        "responses_count": 14895,
        "satisfied_percent": Decimal("89.45"),
        "satisfaction_score_percent": Decimal("85.78"),
        "headline_percent": 89,
        "headline_method": "top_two_box",
        "markers": "[b]",
    }
    march, may = rows(found)[date(2026, 3, 1)], rows(found)[MAY]
    assert (march["headline_percent"], march["headline_method"], march["markers"]) == (86, "weighted_mean", "")
    assert may["markers"] == ""
    assert found.left_out == ()


def test_four_of_five_counts_are_left_out_and_the_headline_stays(tmp_path: Path) -> None:
    entries = clean_feed()
    del entries[place_of("2026-04", "neither")]
    found = history(tmp_path, entries)
    april = rows(found)[APRIL]
    assert (april["headline_percent"], april["headline_method"]) == (89, "unknown")
    assert found.left_out == ("4 entries of 2026-04, which does not have all five counts of ratings.",)


def test_a_headline_that_its_counts_do_not_give_is_left_out_and_the_counts_stay(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-04", "user-satisfaction-percent")]["count"] = 86
    found = history(tmp_path, entries)
    april = rows(found)[APRIL]
    assert (april["headline_percent"], april["headline_method"], april["responses_count"]) == (None, None, 14895)
    (line,) = found.left_out
    assert line.startswith("entry 20 (2026-04-01, user-satisfaction-percent): count is 86; expected 89")


def test_demonstration_data_are_never_imported(tmp_path: Path) -> None:
    entries = [*clean_feed()[:7], *(found | {"markers": [NOTICE]} for found in clean_feed()[7:])]
    found = history(tmp_path, entries)
    assert list(rows(found)) == [date(2026, 2, 1)]
    assert found.left_out == ("21 entries of demonstration data.",)


def test_a_number_written_as_text_is_imported(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "digital-take-up")]["count"] = "42"
    found = history(tmp_path, entries)
    assert rows(found, "digital-take-up")[date(2026, 3, 1)]["digital_take_up_percent"] == 42
    assert found.left_out == ()


def test_percentages_take_two_decimals_and_no_counts(tmp_path: Path) -> None:
    entries = [entry("2026-05-01", "digital-take-up", 40.905), entry("2026-05-01", "completion-rate", 74.9)]
    found = history(tmp_path, entries)
    take_up = rows(found, "digital-take-up")[MAY]
    assert take_up == {
        "service": "make-a-lpa",
        "period_start": MAY,
        "lpa_type": "all",
        "digital_take_up_percent": Decimal("40.91"),
        "markers": "",
    }
    assert str(rows(found, "completion-rate")[MAY]["cohort_completion_percent"]) == "74.90"


@pytest.mark.parametrize(
    ("more", "left_out"),
    [
        (entry("2026-05-01", "uptime-percent", 99.9), "1 entry of uptime-percent, which no dataset holds."),
        (entry("2026-07-01", "digital-take-up", 38), "1 entry of a month that has not ended."),
        (entry("2026-06-01", "digital-take-up", 101), "entry 29 (2026-06-01, digital-take-up): count is 101; expected"),
        (entry("2026-06-01", "happiness", 3), 'entry 29 (2026-06-01): dataType is "happiness"; '),
        (entry("2026-06-01", "digital-take-up", 38, period="day"), "entry 29 (2026-06-01, digital-take-up): period is"),
    ],
)
def test_what_is_left_out_is_reported_with_the_reason(tmp_path: Path, more: Entry, left_out: str) -> None:
    found = history(tmp_path, [*clean_feed(), more])
    assert len(rows(found, "digital-take-up")) == 4
    (line,) = found.left_out
    assert line.startswith(left_out)


def test_two_entries_that_differ_are_both_left_out(tmp_path: Path) -> None:
    found = history(tmp_path, [*clean_feed(), entry("2026-05-01", "digital-take-up", 12)])
    assert MAY not in rows(found, "digital-take-up")
    repeated, contradicted = found.left_out
    assert repeated.startswith(
        "entry 29 (2026-05-01, digital-take-up): it has the _timestamp and dataType of entry 28;"
    )
    assert contradicted == "1 entry contradicted by another entry."


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
    assert found[MAY]["markers"] == "[b]"


def test_a_file_without_entries_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"about no service"):
        history(tmp_path, [])
