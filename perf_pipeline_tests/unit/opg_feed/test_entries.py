"""Reads OPG feed files: typed entries with their number, and one fault for each thing that is wrong with an entry."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.errors import PermanentSourceError
from perf_pipeline.opg_feed.entries import read_feed
from perf_pipeline_tests.feeds import Entry, entry, save_feed

TODAY = date(2026, 6, 15)


def faults_of(folder: Path, item: object) -> list[str]:
    return [fault.sentence for fault in read_feed(save_feed(folder, [item]), TODAY).faults]


def test_an_entry_keeps_its_number_and_its_values(tmp_path: Path) -> None:
    take_up = entry("2026-03-01", "digital-take-up", 42.1, markers=["e", "p"])
    feed = read_feed(save_feed(tmp_path, [entry("2026-03-01", "neither", 1380), take_up]), TODAY)
    assert (feed.size, list(feed.entries), feed.invalid, feed.faults) == (2, [1, 2], [], [])
    assert feed.entries[2].model_dump() == {
        "service": "make-a-lpa",
        "channel": "digital",
        "period": "month",
        "start": date(2026, 3, 1),
        "data_type": "digital-take-up",
        "count": Decimal("42.1"),
        "markers": ("e", "p"),
    }


def test_a_figure_that_is_made_from_stand_ins_says_so_in_its_markers(tmp_path: Path) -> None:
    marked = [entry("2026-03-01", "neither", 1380, markers=markers) for markers in (["p", NOTICE], ["p"])]
    feed = read_feed(save_feed(tmp_path, marked), TODAY)
    assert (feed.faults, [found.is_demonstration for found in feed.entries.values()]) == ([], [True, False])


def test_a_number_written_as_text_is_reported_and_used(tmp_path: Path) -> None:
    feed = read_feed(save_feed(tmp_path, [entry("2026-03-01", "digital-take-up", "41.2")]), TODAY)
    assert feed.faults == [
        (1, 'entry 1 (2026-03-01, digital-take-up): count is the text "41.2"; expected the number 41.2.')
    ]
    assert feed.entries[1].count == Decimal("41.2")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"count": "42 %"}, 'count is "42 %"; expected a number.'),
        ({"count": "1,190"}, 'count is "1,190"; expected a number.'),
        ({"count": True}, "count is true; expected a number."),
        ({"count": None}, "count is null; expected a number."),
        ({"count": [42]}, "count is an array; expected a number."),
        ({"count": float("nan")}, "count is NaN; expected a number."),
        ({"service": 5}, "service is 5; expected a text."),
        ({"service": "make a lpa"}, 'service is "make a lpa"; expected a name of letters and hyphens.'),
        ({"period": None}, "period is null; expected a text."),
        ({"markers": "p"}, 'markers is "p"; expected a list.'),
        (
            {"markers": ["p", 1]},
            "markers.1 is 1; expected one of b, c, e, p, r, x, z, or the notice on demonstration data.",
        ),
        ({"note": "late"}, 'key "note" is unknown; expected no key of this name.'),
    ],
)
def test_a_wrong_value_is_reported_with_what_was_expected(
    tmp_path: Path, changed: dict[str, object], what: str
) -> None:
    found = faults_of(tmp_path, entry("2026-03-01", "neither", 1380) | changed)
    assert found == [f"entry 1 (2026-03-01, neither): {what}"]


@pytest.mark.parametrize(
    ("data_type", "count", "expected"),
    [
        ("neither", -1, "a whole number from 0 to 9,007,199,254,740,991"),
        ("neither", 1380.5, "a whole number from 0 to 9,007,199,254,740,991"),
        ("neither", 1e300, "a whole number from 0 to 9,007,199,254,740,991"),
        ("digital-take-up", 100.1, "a number from 0 to 100"),
        ("user-satisfaction-percent", 86.5, "a whole number from 0 to 100"),
    ],
)
def test_a_count_has_the_bounds_of_its_data_type(tmp_path: Path, data_type: str, count: float, expected: str) -> None:
    (fault,) = faults_of(tmp_path, entry("2026-03-01", data_type, count))
    assert fault.endswith(f": count is {count}; expected {expected}.")


def test_an_unknown_data_type_is_reported_with_the_known_ones(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, entry("2026-03-01", "take up", 42))
    assert fault.startswith('entry 1 (2026-03-01): dataType is "take up"; expected one of user-satisfaction-percent, v')


@pytest.mark.parametrize("key", ["_timestamp", "service", "channel", "count", "dataType", "period"])
def test_a_missing_key_is_reported(tmp_path: Path, key: str) -> None:
    found = entry("2026-03-01", "neither", 1380)
    del found[key]
    (fault,) = faults_of(tmp_path, found)
    assert fault.endswith(f"{key} is missing; expected all of _timestamp, service, channel, count, dataType, period.")


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026-03-01T00:00:00Z",
        "2026-03-01T09:30:00+00:00",
        " 2026-03-01T00:00:00+00:00",
        "20260301T00:00:00+00:00",
        "2026-02-30T00:00:00+00:00",
        "2026-07-01T00:00:00+00:00",
        "2011-12-01T00:00:00+00:00",
        "March",
        "",
    ],
)
def test_a_timestamp_is_a_day_that_can_have_figures_at_midnight(tmp_path: Path, written: str) -> None:
    expected = "expected a day from 2012-01-01T00:00:00+00:00 to 2026-06-15T00:00:00+00:00."
    found = faults_of(tmp_path, entry("2026-03-01", "neither", 1380) | {"_timestamp": written})
    assert found == [f'entry 1 (neither): _timestamp is "{written}"; {expected}']


@pytest.mark.parametrize(
    ("period", "day", "first"),
    [("month", "2026-03-15", "2026-03-01"), ("year", "2026-03-01", "2026-01-01"), ("week", "2026-03-10", "2026-03-09")],
)
def test_a_timestamp_is_the_first_day_of_its_period(tmp_path: Path, period: str, day: str, first: str) -> None:
    (fault,) = faults_of(tmp_path, entry(day, "neither", 1380, period=period))
    assert fault.endswith(f"; expected {first}T00:00:00+00:00, the first day of its {period}.")


def test_the_running_month_may_be_there(tmp_path: Path) -> None:
    assert faults_of(tmp_path, entry("2026-06-01", "digital-take-up", 38.3)) == []


@pytest.mark.parametrize("item", [None, 5, "neither", []])
def test_an_item_that_is_no_object_is_a_fault_and_the_rest_is_read(tmp_path: Path, item: object) -> None:
    feed = read_feed(save_feed(tmp_path, [item, entry("2026-03-01", "neither", 1380)]), TODAY)
    assert [(fault.entry, fault.sentence.endswith("expected an object.")) for fault in feed.faults] == [(1, True)]
    assert list(feed.entries) == [2]


def test_whatever_a_file_holds_each_fault_is_one_short_line(tmp_path: Path) -> None:
    found: Entry = entry("2026-03-01\n\x1b[2J", "nei\u2028ther\ud800\x7f", "4" * 5000) | {"a\nkey\x7f": 1}
    lines = faults_of(tmp_path, found)
    assert len(lines) == 4
    assert all(line.isprintable() and len(line) < 300 for line in lines)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "can't be read as JSON: Expecting value: line 1"),
        (b'[\n{"count": 042}]', "can't be read as JSON: Expecting ',' delimiter: line 2"),
        (b"[" * 200_000, "can't be read as JSON: maximum recursion depth"),
        (b'["\xe9"]', "can't be read as JSON: 'utf-8' codec"),
        (b'{"count": 42}', "holds an object; expected an array"),
    ],
)
def test_a_file_without_a_json_array_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes(content)
    with pytest.raises(PermanentSourceError, match=what) as raised:
        read_feed(path, TODAY)
    assert raised.value.next_step.endswith("in the format of the OPG feed: one JSON array of entries.")
