"""The audit of an OPG feed file: each rule is shown an entry that it must report, and a file without faults."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_pipeline.demo.published_months import PUBLISHED_MONTHS
from perf_pipeline.opg_feed.audit import audit, conclusion
from perf_pipeline.opg_feed.entries import read_feed
from perf_pipeline_tests.feeds import (
    DATA_TYPES,
    MONTHS,
    SERIES,
    Entry,
    clean_feed,
    entry,
    month_entries,
    place_of,
    save_feed,
)

TODAY = date(2026, 6, 15)
HEADLINE = "user-satisfaction-percent"


def faults_of(folder: Path, entries: object) -> list[str]:
    return [fault.sentence for fault in audit(read_feed(save_feed(folder, entries), TODAY))]


def faults_with(folder: Path, month: str, data_type: str, **changed: object) -> list[str]:
    """What is reported of the clean file with one entry changed."""
    entries = clean_feed()
    entries[place_of(month, data_type)] |= changed
    return faults_of(folder, entries)


def test_a_clean_file_has_no_fault_in_any_order(tmp_path: Path) -> None:
    assert faults_of(tmp_path, clean_feed()) == []
    assert faults_of(tmp_path, clean_feed()[::-1]) == []


def test_the_published_months_have_five_texts_and_one_absent_take_up(tmp_path: Path) -> None:
    """Make an LPA as it was published: from 2026-01 on, take-up is written as text."""
    entries = [
        found
        for month, figures in PUBLISHED_MONTHS.items()
        for percent in [figures.take_up_percent]
        for found in month_entries(month, float(percent) if month < "2026-01" else percent)
    ]
    assert faults_of(tmp_path, [found for found in entries if found["count"] != ""]) == [
        'entry 63 (2026-01-01, digital-take-up): count is the text "44.2"; expected the number 44.2.',
        'entry 70 (2026-02-01, digital-take-up): count is the text "42.5"; expected the number 42.5.',
        'entry 77 (2026-03-01, digital-take-up): count is the text "42"; expected the number 42.',
        'entry 84 (2026-04-01, digital-take-up): count is the text "40.9"; expected the number 40.9.',
        'entry 91 (2026-05-01, digital-take-up): count is the text "38.3"; expected the number 38.3.',
        "digital-take-up: no entry for 2026-06; expected one for each month from 2025-05 to 2026-06.",
    ]


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({"service": "deputies"}, None),
        ({"channel": "post"}, "digital"),
        ({"period": "quarter"}, "one of year, month, week, day"),
    ],
)
def test_a_file_has_one_service_and_one_known_channel_and_period_length(
    tmp_path: Path, changed: dict[str, str], known: str | None
) -> None:
    ((key, name),) = changed.items()
    (fault,) = faults_with(tmp_path, "2026-03", "digital-take-up", **changed)
    expected = f"expected {clean_feed()[0][key]}, as in the rest of the file."
    assert fault == f'entry 14 (2026-03-01, digital-take-up): {key} is "{name}"; {expected}'
    expected_of_file = [f'file: {key} "{name}" is unknown; expected {known}.'] if known else []
    assert faults_of(tmp_path, [found | changed for found in clean_feed()]) == expected_of_file


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [
        ("2026-03", 87, "86, which the five counts give under weighted_mean."),
        ("2026-04", 86, "89, which the five counts give under top_two_box."),
    ],
)
def test_a_headline_that_its_counts_do_not_give_is_reported_with_the_one_they_give(
    tmp_path: Path, month: str, count: int, expected: str
) -> None:
    (fault,) = faults_with(tmp_path, month, HEADLINE, count=count)
    assert fault.endswith(f": count is {count}; expected {expected}")


def test_without_responses_there_is_no_headline(tmp_path: Path) -> None:
    nothing = [entry("2026-05-01", data_type, 0) for data_type in DATA_TYPES]
    assert faults_of(tmp_path, [*clean_feed()[:21], *nothing, entry("2026-05-01", "digital-take-up", 38.3)]) == []
    (fault,) = faults_of(tmp_path, [*nothing, entry("2026-05-01", HEADLINE, 100)])
    assert fault.endswith("count is 100; expected no entry, as the five counts are 0.")


def test_a_year_of_two_methods_has_no_headline_to_compare(tmp_path: Path) -> None:
    def of_year(year: str, headline: int) -> list[Entry]:
        counts = zip(SERIES[:6], (70, 20, 10, 0, 0, headline), strict=True)
        return [entry(f"{year}-01-01", data_type, count, period="year") for data_type, count in counts]

    assert faults_of(tmp_path, of_year("2026", 1)) == []
    (fault,) = faults_of(tmp_path, of_year("2025", 91))
    assert fault.endswith("count is 91; expected 90, which the five counts give under weighted_mean.")


def test_a_repeated_entry_is_reported_with_both_numbers(tmp_path: Path) -> None:
    assert faults_of(tmp_path, [*clean_feed(), entry("2026-03-01", "neither", 9000)]) == [
        "entry 29 (2026-03-01, neither): it has the _timestamp and dataType of entry 10; expected one of them."
    ]


@pytest.mark.parametrize(
    ("data_type", "months", "reported"),
    [
        ("digital-take-up", ["2026-03", "2026-05"], ["2026-03, 2026-05"]),
        ("digital-take-up", ["2026-02", "2026-03"], []),
        ("satisfied", ["2026-02", "2026-03", "2026-04", "2026-05"], ["2026-02, 2026-03, 2026-04, 2026-05"]),
    ],
)
def test_a_series_has_each_period_from_its_first_and_the_five_counts_begin_together(
    tmp_path: Path, data_type: str, months: list[str], reported: list[str]
) -> None:
    absent = {place_of(month, data_type) for month in months}
    entries = [found for place, found in enumerate(clean_feed()) if place not in absent]
    assert faults_of(tmp_path, entries) == [
        f"{data_type}: no entry for {span}; expected one for each month from 2026-02 to 2026-05." for span in reported
    ]


@pytest.mark.parametrize(
    ("period", "days", "absent"),
    [
        ("day", ["2026-03-28", "2026-03-29", "2026-03-31"], "2026-03-30"),
        ("week", ["2026-03-02", "2026-03-16"], "2026-03-09/2026-03-15"),
        ("year", ["2023-01-01", "2025-01-01"], "2024"),
    ],
)
def test_absent_periods_have_the_length_of_the_file(tmp_path: Path, period: str, days: list[str], absent: str) -> None:
    (fault,) = faults_of(tmp_path, [entry(day, "digital-take-up", 42, period=period) for day in days])
    assert fault.startswith(f"digital-take-up: no entry for {absent}; expected one for each {period} from ")


def test_an_entry_without_any_clue_stands_for_no_absent_one(tmp_path: Path) -> None:
    faults = faults_with(tmp_path, "2026-03", "digital-take-up", _timestamp="soon", dataType="share")
    assert faults[-1].startswith("digital-take-up: no entry for 2026-03; ")


def test_ten_spoilt_places_are_ten_faults(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[2]["count"] = "1183"
    entries[3]["service"] = "make-a-will"
    entries[6]["count"] = 142.5
    entries[9]["_timestamp"] = "2026-03-01T00:00:00Z"
    entries[10]["dataType"] = "disatisfied"
    entries[12]["count"] = True
    entries[16]["period"] = "fortnight"
    entries[19]["count"] = 86
    entries.append(dict(entries[20]))
    del entries[27]
    assert [fault.partition(";")[0] for fault in faults_of(tmp_path, entries)] == [
        'entry 3 (2026-02-01, neither): count is the text "1183"',
        'entry 4 (2026-02-01, dissatisfied): service is "make-a-will"',
        "entry 7 (2026-02-01, digital-take-up): count is 142.5",
        'entry 10 (neither): _timestamp is "2026-03-01T00:00:00Z"',
        'entry 11 (2026-03-01): dataType is "disatisfied"',
        "entry 13 (2026-03-01, user-satisfaction-percent): count is true",
        'entry 17 (2026-04-01, neither): period is "fortnight"',
        "entry 20 (2026-04-01, user-satisfaction-percent): count is 86",
        "entry 28 (2026-04-01, digital-take-up): it has the _timestamp and dataType of entry 21",
        "digital-take-up: no entry for 2026-05",
    ]


SPOILING: dict[str, Callable[[Entry], object]] = {
    "a text for a number": lambda found: found.update(count=str(found["count"])),
    "null": lambda found: found.update(count=None),
    "a boolean": lambda found: found.update(count=False),
    "a missing key": lambda found: found.pop("channel"),
    "another key": lambda found: found.update(source="done-page"),
    "an unknown name": lambda found: found.update(dataType="happiness"),
    "another service": lambda found: found.update(service="use-an-lpa"),
    "another day": lambda found: found.update(_timestamp=found["_timestamp"].replace("-01T", "-02T")),
    "no day": lambda found: found.update(_timestamp="soon"),
    "a later year": lambda found: found.update(_timestamp=found["_timestamp"].replace("2026", "2062")),
    "another period": lambda found: found.update(period="year"),
    "beyond its bounds": lambda found: found.update(count=-1),
}


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(MONTHS) * len(SERIES) - 1), way=st.sampled_from(sorted(SPOILING)))
def test_whatever_is_spoilt_in_one_entry_is_found_there_and_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, way: str
) -> None:
    entries = clean_feed()
    SPOILING[way](entries[place])
    found = audit(read_feed(save_feed(tmp_path_factory.mktemp("feed"), entries), TODAY))
    assert [fault.entry for fault in found] == [place + 1]


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=2))
CHANGE = st.tuples(st.integers(0, 27), st.sampled_from([*clean_feed()[0], "markers", "note"]), JSON)


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=12), items=st.lists(JSON, max_size=3))
def test_any_json_is_audited_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str, object]], items: list[object]
) -> None:
    entries = clean_feed()
    for place, key, value in changes:
        entries[place][key] = value
    feed = read_feed(save_feed(tmp_path_factory.mktemp("feed"), [*entries, *items]), TODAY)
    assert feed.size == len(feed.entries) + len(feed.invalid) == len(entries) + len(items)
    assert all(fault.sentence.isprintable() for fault in audit(feed))


def test_the_conclusion_counts_faults_and_entries_and_names_the_span_of_a_file_without_faults(tmp_path: Path) -> None:
    def conclude(entries: list[Entry]) -> str:
        feed = read_feed(save_feed(tmp_path, entries), TODAY)
        return conclusion(feed, audit(feed))

    assert conclude(clean_feed()) == "No faults in 28 entries, 2026-02 to 2026-05."
    assert conclude([entry("2026-03-01", "digital-take-up", 42)]) == "No faults in 1 entry, 2026-03."
    assert conclude([entry("2026-03-01", "digital-take-up", "42")]) == "1 fault in 1 entry."
    assert conclude([]) == "1 fault in 0 entries."
    assert faults_of(tmp_path, []) == ["file: it holds no entry; expected at least one."]
