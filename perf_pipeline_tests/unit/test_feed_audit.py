"""The audit of an OPG feed file: each rule shown an entry that it must tell of, and nothing told of a sound file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perf_pipeline.sources.feed_audit import audit, conclusion
from perf_pipeline.sources.published_history import read_feed
from perf_pipeline_tests.feeds import DATA_TYPES, MONTHS, SERIES, Entry, clean_feed, entry, place_of, save_feed

SERVICES = ("make-a-lpa", "use-an-lpa")
TODAY = date(2026, 6, 15)


def faults_of(folder: Path, entries: object) -> list[str]:
    return [str(fault) for fault in audit(read_feed(save_feed(folder, entries)), SERVICES, TODAY)]


def faults_with(folder: Path, month: str, data_type: str, **changed: object) -> list[str]:
    """What is told of the clean file with one entry changed."""
    entries = clean_feed()
    place = place_of(month, data_type)
    entries[place] |= changed
    prefix = f"entry {place + 1} ({month}-01, {data_type}): "
    return [fault.removeprefix(prefix) for fault in faults_of(folder, entries)]


def without(*absent: tuple[str, str]) -> list[Entry]:
    places = {place_of(*key) for key in absent}
    return [found for place, found in enumerate(clean_feed()) if place not in places]


def test_a_clean_file_has_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, clean_feed()) == []


def test_the_order_of_entries_does_not_matter(tmp_path: Path) -> None:
    assert faults_of(tmp_path, clean_feed()[::-1]) == []


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"dataType": "take-up"}, 'dataType "take-up" is unknown; expected one of user-satisfaction-percent, very-'),
        ({"dataType": "take up"}, 'dataType "take up" is not of letters and hyphens alone; expected one of user-'),
        ({"service": "make-lpa"}, 'service "make-lpa" is unknown; expected make-a-lpa.'),
        ({"service": "make_lpa"}, 'service "make_lpa" is not of letters and hyphens alone; expected make-a-lpa.'),
        ({"service": "use-an-lpa"}, 'service is "use-an-lpa"; expected make-a-lpa, as in the rest of the file.'),
        ({"channel": "post"}, 'channel "post" is unknown; expected digital.'),
        ({"period": "quarter"}, 'period "quarter" is unknown; expected month.'),
        ({"period": "week"}, 'period is "week"; expected month, as in the rest of the file.'),
    ],
)
def test_a_name_that_is_unknown_or_not_the_files_is_told(tmp_path: Path, changed: dict[str, object], what: str) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "digital-take-up")] |= changed
    (fault,) = faults_of(tmp_path, entries)
    assert fault.partition("): ")[2].startswith(what)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-15T00:00:00+00:00",
        "2026-03-01",
        "2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00",
        "2026-03-01T09:30:00+00:00",
        "2026-03-01T00:00:00.000+00:00",
        " 2026-03-01T00:00:00+00:00",
    ],
)
def test_a_timestamp_is_the_first_day_of_its_period_at_midnight_and_nothing_else(tmp_path: Path, written: str) -> None:
    (fault,) = faults_with(tmp_path, "2026-03", "neither", _timestamp=written)
    expected = "expected 2026-03-01T00:00:00+00:00, the first day of its month."
    assert fault.endswith(f'_timestamp is "{written}"; {expected}')


@pytest.mark.parametrize("day", ["2026-07-01", "2062-03-01", "0026-03-01"])
def test_a_month_that_no_figure_can_be_of_is_told_and_nothing_is_absent_for_it(tmp_path: Path, day: str) -> None:
    (fault,) = faults_with(tmp_path, "2026-03", "digital-take-up", _timestamp=f"{day}T00:00:00+00:00")
    assert fault.endswith("expected one from 2012-01 to 2026-06, which is still running.")


def test_the_running_month_may_be_there(tmp_path: Path) -> None:
    assert faults_of(tmp_path, [entry("2026-06-01", "digital-take-up", 38.3)]) == []


@pytest.mark.parametrize(
    ("data_type", "count", "what"),
    [
        ("neither", -1, "count is -1; expected a whole number from 0 to 9,007,199,254,740,991."),
        ("neither", 1380.5, "count is 1380.5; expected a whole number from 0 to 9,007,199,254,740,991."),
        ("neither", 1e300, "count is 1E+300; expected a whole number from 0 to 9,007,199,254,740,991."),
        ("digital-take-up", 100.1, "count is 100.1; expected a percentage from 0 to 100."),
        ("digital-take-up", -0.1, "count is -0.1; expected a percentage from 0 to 100."),
    ],
)
def test_a_count_beyond_its_bounds_is_told(tmp_path: Path, data_type: str, count: float, what: str) -> None:
    assert faults_with(tmp_path, "2026-03", data_type, count=count) == [what]


@pytest.mark.parametrize(
    ("month", "count", "what"),
    [
        ("2026-03", 87, "count is 87; expected 86, which the five counts give under weighted_mean."),
        ("2026-04", 86, "count is 86; expected 89, which the five counts give under top_two_box."),
        ("2026-04", 89.2, "count is 89.2; expected 89, which the five counts give under top_two_box."),
        ("2026-04", 890, "count is 890; expected 89, which the five counts give under top_two_box."),
    ],
)
def test_a_headline_that_its_counts_do_not_give_is_told_with_the_one_they_give(
    tmp_path: Path, month: str, count: float, what: str
) -> None:
    assert faults_with(tmp_path, month, "user-satisfaction-percent", count=count) == [what]


@pytest.mark.parametrize(("headline", "number"), [(88, 1), (89, 0)])
def test_what_counts_give_is_rounded_half_up(tmp_path: Path, headline: int, number: int) -> None:
    counts = zip(DATA_TYPES, (177, 0, 0, 0, 23), strict=True)
    entries = [entry("2026-04-01", data_type, count) for data_type, count in counts]
    assert len(faults_of(tmp_path, [*entries, entry("2026-04-01", "user-satisfaction-percent", headline)])) == number


def test_a_headline_without_counts_is_a_whole_percentage(tmp_path: Path) -> None:
    headline = "user-satisfaction-percent"
    history = [
        entry("2024-03-01", headline, 86.5),
        entry("2024-04-01", headline, 86),
        entry("2024-05-01", headline, 101),
    ]
    assert faults_of(tmp_path, history) == [
        "entry 1 (2024-03-01, user-satisfaction-percent): count is 86.5; expected a whole percentage.",
        "entry 3 (2024-05-01, user-satisfaction-percent): count is 101; expected a percentage from 0 to 100.",
    ]


def test_without_responses_there_is_no_headline(tmp_path: Path) -> None:
    nothing = [entry("2026-05-01", data_type, 0) for data_type in DATA_TYPES]
    assert faults_of(tmp_path, [*clean_feed()[:21], *nothing, entry("2026-05-01", "digital-take-up", 38.3)]) == []
    (fault,) = faults_of(tmp_path, [*nothing, entry("2026-05-01", "user-satisfaction-percent", 100)])
    assert fault.endswith("count is 100; expected no entry: the five counts are 0 and give no percentage.")


def test_a_year_of_two_methods_has_no_headline_to_compare(tmp_path: Path) -> None:
    def of_year(year: str, headline: int) -> list[Entry]:
        counts = zip(SERIES[:6], (70, 20, 10, 0, 0, headline), strict=True)
        return [entry(f"{year}-01-01", data_type, count, period="year") for data_type, count in counts]

    assert faults_of(tmp_path, of_year("2026", 1)) == []
    (fault,) = faults_of(tmp_path, of_year("2025", 91))
    assert fault.endswith("count is 91; expected 90, which the five counts give under weighted_mean.")


@pytest.mark.parametrize(("text", "faults"), [("1380", 1), ("1381", 1), ("138", 2)])
def test_a_count_that_is_a_text_takes_part_with_its_number(tmp_path: Path, text: str, faults: int) -> None:
    """138 neutral ratings instead of 1380 would give another headline; 1381 would not."""
    assert len(faults_with(tmp_path, "2026-03", "neither", count=text)) == faults


def test_a_repeated_entry_is_told_with_both_places(tmp_path: Path) -> None:
    repeated = entry("2026-03-01", "neither", 9000)
    assert faults_of(tmp_path, [*clean_feed(), repeated]) == [
        "entry 29 (2026-03-01, neither): it has the _timestamp and dataType of entry 10; expected one of them."
    ]


def test_a_month_absent_from_a_series_is_told(tmp_path: Path) -> None:
    assert faults_of(tmp_path, without(("2026-03", "digital-take-up"), ("2026-05", "digital-take-up"))) == [
        "digital-take-up: no entry for 2026-03; expected one for each month from 2026-02 to 2026-05.",
        "digital-take-up: no entry for 2026-05; expected one for each month from 2026-02 to 2026-05.",
    ]


def test_months_absent_in_a_row_are_told_together(tmp_path: Path) -> None:
    absent = [(month, "digital-take-up") for month in ("2026-03", "2026-04", "2026-05")]
    (fault,) = faults_of(tmp_path, without(*absent))
    assert fault.startswith("digital-take-up: no entry for 2026-03 to 2026-05; ")


def test_a_series_may_begin_later_than_the_file(tmp_path: Path) -> None:
    absent = [(month, "digital-take-up") for month in ("2026-02", "2026-03")]
    assert faults_of(tmp_path, without(*absent)) == []


def test_a_month_without_any_entry_is_told_once(tmp_path: Path) -> None:
    assert faults_of(tmp_path, without(*[("2026-03", data_type) for data_type in SERIES])) == [
        "file: no entry for 2026-03; expected one for each month from 2026-02 to 2026-05."
    ]


@pytest.mark.parametrize("month", ["2026-02", "2026-04", "2026-05"])
@pytest.mark.parametrize("changed", [{"_timestamp": "soon"}, {"dataType": "share"}, {"_timestamp": "", "dataType": ""}])
def test_an_entry_of_no_known_month_or_name_stands_for_its_own_absence_and_for_no_other(
    tmp_path: Path, month: str, changed: dict[str, object]
) -> None:
    entries = without(("2026-03", "digital-take-up"))
    place = entries.index(entry(f"{month}-01", "digital-take-up", MONTHS[month][-1]))
    entries[place] |= changed
    faults = [fault.partition(";")[0] for fault in faults_of(tmp_path, entries)]
    told = [fault for fault in faults if not fault.startswith(f"entry {place + 1}")]
    # The first of a series leaves no gap: it then begins later.
    assert told == ([] if month == "2026-02" else ["digital-take-up: no entry for 2026-03"])


def test_two_spoilt_neighbours_are_two_faults(tmp_path: Path) -> None:
    entries = clean_feed()
    entries[place_of("2026-03", "dissatisfied")]["dataType"] = None
    entries[place_of("2026-03", "very-dissatisfied")]["_timestamp"] = "soon"
    assert [fault.partition(":")[0] for fault in faults_of(tmp_path, entries)] == [
        "entry 11 (2026-03-01)",
        "entry 12 (very-dissatisfied)",
    ]


@pytest.mark.parametrize("month", ["2026-02", "2026-04"])
def test_a_month_that_lacks_one_of_its_five_counts_is_told(tmp_path: Path, month: str) -> None:
    assert faults_of(tmp_path, without((month, "satisfied"))) == [
        f"satisfied: no entry for {month}; expected all five counts of a month, or none."
    ]


def test_a_count_that_no_month_has_is_told(tmp_path: Path) -> None:
    absent = [(month, "satisfied") for month in MONTHS]
    assert faults_of(tmp_path, without(*absent)) == [
        "satisfied: no entry for 2026-02 to 2026-05; expected all five counts of a month, or none."
    ]


def test_a_file_of_days_lacks_days(tmp_path: Path) -> None:
    days = [entry(f"2026-03-{day:02}", "digital-take-up", 42, period="day") for day in (28, 29, 31)]
    assert faults_of(tmp_path, days) == [
        "digital-take-up: no entry for 2026-03-30; expected one for each day from 2026-03-28 to 2026-03-31."
    ]


def test_a_week_begins_on_monday(tmp_path: Path) -> None:
    weeks = [entry(f"2026-03-{day:02}", "digital-take-up", 42, period="week") for day in (2, 10, 16)]
    (fault,) = faults_of(tmp_path, weeks)
    assert fault.endswith("expected 2026-03-09T00:00:00+00:00, the first day of its week.")


def test_a_service_that_the_whole_file_shares_is_told_once(tmp_path: Path) -> None:
    assert faults_of(tmp_path, [found | {"service": "deputy-reporting"} for found in clean_feed()]) == [
        'file: service "deputy-reporting" is unknown; expected one of make-a-lpa, use-an-lpa.'
    ]


def test_a_file_without_entries_is_told(tmp_path: Path) -> None:
    assert faults_of(tmp_path, []) == ["file: it holds no entry; expected at least one."]


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
    spoilt = faults_of(tmp_path, entries)
    assert [fault.partition(";")[0] for fault in spoilt] == [
        'entry 3 (2026-02-01, neither): count is the text "1183"',
        'entry 4 (2026-02-01, dissatisfied): service "make-a-will" is unknown',
        "entry 7 (2026-02-01, digital-take-up): count is 142.5",
        'entry 10 (2026-03-01, neither): _timestamp is "2026-03-01T00:00:00Z"',
        'entry 11 (2026-03-01, disatisfied): dataType "disatisfied" is unknown',
        "entry 13 (2026-03-01, user-satisfaction-percent): count is true",
        'entry 17 (2026-04-01, neither): period "fortnight" is unknown',
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


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(MONTHS) * len(SERIES) - 1), way=st.sampled_from(sorted(SPOILING)))
def test_whatever_is_spoilt_in_one_entry_is_found_there_and_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, way: str
) -> None:
    entries = clean_feed()
    SPOILING[way](entries[place])
    found = audit(read_feed(save_feed(tmp_path_factory.mktemp("feed"), entries)), SERVICES, TODAY)
    assert [fault.entry for fault in found] == [place + 1]


JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=2))
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "_timestamp": st.dates(date(2026, 1, 1), date(2026, 7, 1)).map(lambda day: f"{day}T00:00:00+00:00") | JSON,
        "service": st.sampled_from(SERVICES) | JSON,
        "channel": st.just("digital") | JSON,
        "count": st.integers(-1, 101) | JSON,
        "dataType": st.sampled_from(SERIES) | JSON,
        "period": st.sampled_from(["year", "month", "week", "day"]) | JSON,
        "markers": st.just(["p"]) | JSON,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ENTRIES | JSON, min_size=1, max_size=12))
def test_the_audit_comes_to_an_end_whatever_the_entries_are(
    tmp_path_factory: pytest.TempPathFactory, entries: list[object]
) -> None:
    reading = read_feed(save_feed(tmp_path_factory.mktemp("feed"), entries))
    found = audit(reading, SERVICES, TODAY)
    assert len(reading.entries) == len(entries)
    assert all(str(fault).isprintable() for fault in found)


def test_the_conclusion_counts_faults_and_entries_and_of_a_sound_file_names_the_span(tmp_path: Path) -> None:
    def conclude(entries: list[Entry]) -> str:
        reading = read_feed(save_feed(tmp_path, entries))
        return conclusion(reading, audit(reading, SERVICES, TODAY))

    assert conclude(clean_feed()) == "No faults in 28 entries, 2026-02 to 2026-05."
    assert conclude([entry("2026-03-01", "digital-take-up", 42)]) == "No faults in 1 entry, 2026-03."
    assert conclude([entry("2026-03-01", "digital-take-up", "42")]) == "1 fault in 1 entry."
    assert conclude([]) == "1 fault in 0 entries."
