"""The command `audit-feed`: its output and exit code, for other files and for our own."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.published.feed import write_feeds
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.commands import Call
from perf_pipeline_tests.feeds import Entry, clean_feed, entry, place_of, save_feed

PutFigure = Callable[..., None]


def test_a_file_without_faults_ends_in_0_and_names_the_span_of_its_months(call: Call, tmp_path: Path) -> None:
    path = save_feed(tmp_path, clean_feed())
    assert call("audit-feed", str(path)) == (0, "No faults in 28 entries, 2026-02 to 2026-05.\n", "")


def test_each_fault_is_a_line_of_stdout_and_the_exit_code_is_1(call: Call, tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "digital-take-up")]["count"] = "42"
    entries[place_of("2026-04", "user-satisfaction-percent")]["count"] = 86
    del entries[place_of("2026-05", "digital-take-up")]
    called = call("audit-feed", str(save_feed(tmp_path, entries)))
    given = "expected 89, which the five counts give under top_two_box."
    assert (called.status, called.err) == (1, "")
    assert called.out.splitlines() == [
        'entry 14 (2026-03-01, digital-take-up): count is the text "42"; expected the number 42.',
        f"entry 20 (2026-04-01, user-satisfaction-percent): count is 86; {given}",
        "digital-take-up: no entry for 2026-05; expected one for each month from 2026-02 to 2026-05.",
        "3 faults in 27 entries.",
    ]


def test_the_audit_as_json_has_each_fault_with_its_entry(call: Call, tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "digital-take-up")]["count"] = "42"
    called = call("audit-feed", "--json", str(save_feed(tmp_path, entries)))
    sentence = 'entry 14 (2026-03-01, digital-take-up): count is the text "42"; expected the number 42.'
    assert (called.status, called.err) == (1, "")
    assert json.loads(called.out) == {
        "entries": 28,
        "first_period": "2026-02",
        "last_period": "2026-05",
        "faults": [{"entry": 14, "sentence": sentence}],
        "notes": [],
    }


def test_a_file_that_does_not_exist_is_a_wrong_call_with_a_next_step(call: Call, tmp_path: Path) -> None:
    called = call("audit-feed", str(tmp_path / "nothing.json"))
    assert (called.status, called.out) == (2, "")
    assert called.err.startswith("Error: There is no file ")
    assert "Next step: " in called.err


def test_a_file_that_is_no_feed_is_refused_with_what_it_holds(call: Call, tmp_path: Path) -> None:
    called = call("audit-feed", str(save_feed(tmp_path, {"count": 42})))
    assert (called.status, called.out) == (1, "")
    assert "holds an object; expected an array. Next step: " in called.err


def of_deputy_reporting(months: int) -> list[Entry]:
    """Its satisfaction and take-up of so many months, in which nothing is wrong."""
    days = [f"{2022 + month // 12}-{month % 12 + 1:02}-01" for month in range(months)]
    values = (("user-satisfaction-percent", 80), ("digital-take-up", 76.5))
    return [entry(day, name, count, service="deputy-reporting") for day in days for name, count in values]


NOT_IN_THE_FILE = "Note: deputy-reporting is not in the services file (make-a-lpa, use-an-lpa). This is no fault."


def test_a_service_that_the_services_file_does_not_have_is_a_note_and_no_fault(call: Call, tmp_path: Path) -> None:
    called = call("audit-feed", str(save_feed(tmp_path, of_deputy_reporting(39))))
    assert (called.status, called.err) == (0, "")
    assert called.out.splitlines() == [NOT_IN_THE_FILE, "No faults in 78 entries, 2022-01 to 2025-03."]


def test_the_faults_of_such_a_service_are_reported_beside_the_note(call: Call, tmp_path: Path) -> None:
    entries = of_deputy_reporting(39)
    entries[1]["count"] = "76.5"
    entries[4]["count"] = 8000
    del entries[-1]
    called = call("audit-feed", str(save_feed(tmp_path, entries)))
    assert called.status == 1
    assert called.out.splitlines() == [
        'entry 2 (2022-01-01, digital-take-up): count is the text "76.5"; expected the number 76.5.',
        "entry 5 (2022-03-01, user-satisfaction-percent): count is 8000; expected a whole number from 0 to 100.",
        "digital-take-up: no entry for 2025-03; expected one for each month from 2022-01 to 2025-03.",
        NOT_IN_THE_FILE,
        "3 faults in 77 entries.",
    ]


@pytest.mark.parametrize("demonstration", [frozenset(), frozenset(INDICATORS)])
@pytest.mark.parametrize("slug", ["make-a-lpa", "use-an-lpa"])
def test_our_own_feed_files_have_no_fault(
    call: Call,
    emptied_warehouse: Engine,
    put_figure: PutFigure,
    tmp_path: Path,
    slug: str,
    demonstration: frozenset[IndicatorName],
) -> None:
    put_figure("published_user_satisfaction", service=slug, markers="[b][p]")
    put_figure("published_completion_rate", service=slug)
    put_figure("published_digital_take_up", service=slug)
    put_figure("published_digital_take_up", service=slug, period_start=date(2026, 3, 1))
    with transaction(emptied_warehouse) as connection:
        written = list(write_feeds(connection, tmp_path, load_services()[slug], demonstration))
    assert written
    for file in written:
        called = call("audit-feed", str(tmp_path / file.path))
        assert (called.status, called.out.splitlines()[-1].partition(" in ")[0]) == (0, "No faults")
        assert ("demonstration data" in called.out) == bool(demonstration)
