"""Reading OPG feed files: typed entries with their place, and what is wrong with their form, one fault a test."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from perf_pipeline.errors import PermanentSourceError, UsageError
from perf_pipeline.sources.feed_entries import FeedEntry, FeedReading
from perf_pipeline.sources.published_history import read_feed
from perf_pipeline_tests.feeds import clean_feed, entry, save_feed


def read_text(folder: Path, text: str) -> FeedReading:
    path = folder / "feed.json"
    path.write_text(text, encoding="utf-8")
    return read_feed(path)


def with_count(folder: Path, count: str) -> FeedReading:
    """A file of one entry, whose count is written in just these characters."""
    path = save_feed(folder, [entry("2026-03-01", "digital-take-up", 7777)])
    return read_text(folder, path.read_text(encoding="utf-8").replace("7777", count))


def read_one(folder: Path, item: object) -> tuple[FeedEntry, list[str]]:
    reading = read_feed(save_feed(folder, [item]))
    return reading.entries[0], [fault.what for fault in reading.faults]


def test_an_entry_keeps_its_place_and_its_values(tmp_path: Path) -> None:
    take_up = entry("2026-03-01", "digital-take-up", 42.1, markers=["e", "p"])
    reading = read_feed(save_feed(tmp_path, [entry("2026-03-01", "neither", 1380), take_up]))
    assert reading.faults == ()
    assert reading.entries[1] == FeedEntry(
        index=2,
        timestamp="2026-03-01T00:00:00+00:00",
        period_start=date(2026, 3, 1),
        service="make-a-lpa",
        channel="digital",
        count=Decimal("42.1"),
        data_type="digital-take-up",
        period="month",
        markers=("e", "p"),
    )


def test_a_clean_file_has_no_fault(tmp_path: Path) -> None:
    reading = read_feed(save_feed(tmp_path, clean_feed()))
    assert (len(reading.entries), reading.faults) == (28, ())


@pytest.mark.parametrize("written", ["41.2", "0.1", "8731", "8731.0", "4.12e1", "99999999999999999999.9", "-3"])
def test_a_number_is_exactly_what_is_written(tmp_path: Path, written: str) -> None:
    reading = with_count(tmp_path, written)
    assert (reading.entries[0].count, reading.faults) == (Decimal(written), ())


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ('"41.2"', 'count is the text "41.2"; expected the number 41.2.'),
        ('" 42 "', 'count is the text " 42 "; expected the number 42.'),
        ('"42 %"', 'count is the text "42 %"; expected a number.'),
        ('"٤٢"', 'count is the text "\\u0664\\u0662"; expected a number.'),
        ('"1,190"', 'count is the text "1,190"; expected a number.'),
        ('"NaN"', 'count is the text "NaN"; expected a number.'),
        ("true", "count is true; expected a number."),
        ("null", "count is null; expected a number."),
        ("[42]", "count is an array; expected a number."),
        ("NaN", "count is NaN; expected a number."),
        ("-Infinity", "count is -Infinity; expected a number."),
        ("1e99999999999999999999", "count is NaN; expected a number."),
    ],
)
def test_a_count_that_is_no_number_is_told_and_with_it_the_number_that_it_means(
    tmp_path: Path, written: str, what: str
) -> None:
    (fault,) = with_count(tmp_path, written).faults
    assert str(fault) == f"entry 1 (2026-03-01, digital-take-up): {what}"


@pytest.mark.parametrize(("text", "number"), [("41.2", Decimal("41.2")), ("42 %", None)])
def test_a_text_that_holds_a_number_counts_as_that_number(tmp_path: Path, text: str, number: Decimal | None) -> None:
    assert read_one(tmp_path, entry("2026-03-01", "digital-take-up", text))[0].count == number


@pytest.mark.parametrize("key", ["_timestamp", "service", "channel", "count", "dataType", "period"])
def test_a_missing_key_is_told(tmp_path: Path, key: str) -> None:
    found = entry("2026-03-01", "neither", 1380)
    del found[key]
    (what,) = read_one(tmp_path, found)[1]
    assert what.startswith(f"{key} is missing; expected all of _timestamp, service, ")


def test_a_further_key_is_told_and_markers_are_none(tmp_path: Path) -> None:
    found = entry("2026-03-01", "neither", 1380, markers=["p"], note="late")
    assert read_one(tmp_path, found)[1] == ['key "note" is unknown; expected no key of this name.']


def test_a_key_that_is_written_otherwise_is_one_fault(tmp_path: Path) -> None:
    found = entry("2026-03-01", "neither", 1380)
    found["datatype"] = found.pop("dataType")
    assert read_one(tmp_path, found)[1] == ['key "datatype" is unknown; expected dataType.']


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    reading = with_count(tmp_path, '1, "count": 2')
    assert [fault.what for fault in reading.faults] == ['key "count" stands in it more than once; expected once.']


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"service": 5}, "service is 5; expected a text."),
        ({"channel": None}, "channel is null; expected a text."),
        ({"dataType": ["neither"]}, "dataType is an array; expected a text."),
        ({"period": False}, "period is false; expected a text."),
        ({"_timestamp": 1772323200}, "_timestamp is 1772323200; expected a text."),
        ({"_timestamp": "March"}, '_timestamp is "March"; expected a day, as 2026-04-01T00:00:00+00:00.'),
        ({"_timestamp": "2026-02-30"}, '_timestamp is "2026-02-30"; expected a day, as 2026-04-01T00:00:00+00:00.'),
        ({"markers": "p"}, 'markers is "p"; expected a list of b, c, e, p, r, x, z.'),
        ({"markers": ["p", 1]}, 'markers is ["p", 1]; expected a list of b, c, e, p, r, x, z.'),
    ],
)
def test_a_value_of_another_type_is_told(tmp_path: Path, changed: dict[str, object], what: str) -> None:
    assert read_one(tmp_path, entry("2026-03-01", "neither", 1380) | changed)[1] == [what]


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-01",
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:00",
        "2026-07-01T00:00:00+01:00",
        "2026-06-30T23:00:00+00:00",
    ],
)
def test_a_timestamp_is_understood_however_it_is_written(tmp_path: Path, written: str) -> None:
    found, faults = read_one(tmp_path, entry("2026-07-01", "neither", 1380) | {"_timestamp": written})
    assert (found.period_start, found.timestamp, faults) == (date(2026, 7, 1), written, [])


@pytest.mark.parametrize("item", [None, 5, "neither", []])
def test_an_item_that_is_no_object_is_a_fault_and_the_rest_is_read(tmp_path: Path, item: object) -> None:
    reading = read_feed(save_feed(tmp_path, [item, entry("2026-03-01", "neither", 1380)]))
    assert [(fault.entry, fault.what.endswith("expected an object.")) for fault in reading.faults] == [(1, True)]
    assert reading.entries[1].count == 1380


def test_whatever_a_file_holds_its_fault_is_one_short_line(tmp_path: Path) -> None:
    found = entry("2026-03-01\n\x1b[2J", "nei\u2028ther\ud800\x7f", "4" * 5000)
    reading = read_feed(save_feed(tmp_path, [found | {"a\nkey\x7f": 1}]))
    lines = [str(fault) for fault in reading.faults]
    assert len(lines) == 3
    assert all(line.isprintable() and len(line) < 200 for line in lines)


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.json", tmp_path):
        with pytest.raises(UsageError, match="There is no file"):
            read_feed(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not JSON: Expecting value in line 1"),
        ('[\n{"count": 042}]', "is not JSON: Expecting ',' delimiter in line 2"),
        ("[" * 200_000, "is not JSON in UTF-8"),
        ('{"count": 42}', "holds an object; expected an array"),
        ("42", "holds 42; expected an array"),
    ],
)
def test_a_file_that_is_no_array_of_json_says_what_it_is(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(PermanentSourceError, match=what) as raised:
        read_text(tmp_path, text)
    assert raised.value.next_step == "give a file in the format of the OPG feed: one JSON array of entries."


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes('["é"]'.encode("latin-1"))
    with pytest.raises(PermanentSourceError, match="is not JSON in UTF-8"):
        read_feed(path)
