"""What is absent from an OPG feed file: figures between the first of their series and the end of the file (DOMAIN 3.5).

Belongs here: which figures should be there and are not. Doesn't belong here: entries that are there (`feed_audit`).
"""

from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import Final

from perf_pipeline.catalogue.feed_types import DATA_TYPES, HEADLINE_TYPE, RATING_TYPES, timestamp
from perf_pipeline.sources.feed_entries import FeedEntry, FeedFault
from perf_pipeline.sources.feed_series import FeedSeries

FILE: Final = "file"
"""Subject of faults that belong to no entry and no dataType."""

_LONGEST_COMPARED: Final = 80
_MOST_COMPARED: Final = 50
"""Comparing is slow, and with more to choose from the choice says little."""

_Gap = tuple[date, str]


def gaps(series: FeedSeries) -> Iterator[FeedFault]:
    """One fault for each unbroken run of absent periods of a dataType, or of all of them."""
    if not list(series):
        return
    first, last = min(start for start, _ in series), max(start for start, _ in series)
    place = {start: number for number, start in enumerate(series.periods(first, last))}
    absent = _absent(series, first, last)
    for data_type in (FILE, *DATA_TYPES):
        starts = sorted(start for start, name in absent if name == data_type)
        for _, run in groupby(enumerate(starts), key=lambda pair: place[pair[1]] - pair[0]):
            yield _fault(series, data_type, [start for _, start in run], last)


def _absent(series: FeedSeries, first: date, last: date) -> set[_Gap]:
    begun = _begun(series)
    expected = {(start, name) for name in begun for start in series.periods(begun[name], last)}
    expected |= {
        (start, name)
        for start in series.periods(first, last)
        if any((start, other) in series for other in RATING_TYPES.values())
        for name in RATING_TYPES.values()
    }
    absent = {gap for gap in expected if gap not in series and not _is_null(series, *gap)}
    spans = zip(series.entries, _spans(series, first, last), strict=True)
    misplaced = [(entry, span) for entry, span in spans if not series.is_placed(entry)]
    # Those with a known dataType have less to choose from, so they choose first.
    ordered = sorted(absent)
    for entry, (earliest, latest) in sorted(misplaced, key=lambda pair: pair[0].data_type not in DATA_TYPES):
        near = [gap for gap in ordered if earliest <= gap[0] <= latest and gap in absent]
        absent.discard(_likeliest(entry, near))
    return _whole_periods_as_one(absent, begun)


def _whole_periods_as_one(absent: set[_Gap], begun: dict[str, date]) -> set[_Gap]:
    """A period from which everything is absent is one gap, that of the file."""
    merged: set[_Gap] = set()
    for start, of_period in groupby(sorted(absent), key=lambda gap: gap[0]):
        names = {name for _, name in of_period}
        is_whole = len(names) > 1 and names == {name for name in begun if begun[name] <= start}
        merged |= {(start, FILE)} if is_whole else {(start, name) for name in names}
    return merged


def _begun(series: FeedSeries) -> dict[str, date]:
    """The first period of each dataType."""
    return {
        name: min(start for start, other in series if other == name) for name in sorted({name for _, name in series})
    }


def _is_null(series: FeedSeries, start: date, data_type: str) -> bool:
    """Whether the figure is null and so left out: a headline without a single response."""
    return data_type == HEADLINE_TYPE and all(series.value(start, name) == 0 for name in RATING_TYPES.values())


def _spans(series: FeedSeries, first: date, last: date) -> list[tuple[date, date]]:
    """The periods that each entry can be of: its own, or those of its neighbours in the file where it has none."""
    starts = [series.start(entry) for entry in series.entries]
    before = list(accumulate(starts, _or_known, initial=first))[1:]
    after = list(accumulate(reversed(starts), _or_known, initial=last))[:0:-1]
    return [(min(pair), max(pair)) for pair in zip(before, after, strict=True)]


def _or_known(known: date, start: date | None) -> date:
    return start or known


def _likeliest(entry: FeedEntry, near: list[_Gap]) -> _Gap:
    """The absent figure that an entry with a spoilt name or timestamp is meant to be: its own fault tells of it."""
    written = f"{entry.timestamp} {entry.data_type}"[:_LONGEST_COMPARED]

    def likeness(gap: _Gap) -> float:
        return SequenceMatcher(None, written, f"{timestamp(gap[0])} {gap[1]}").ratio()

    possible = [gap for gap in near if entry.data_type not in DATA_TYPES or gap[1] == entry.data_type]
    return max(possible[:_MOST_COMPARED], key=likeness, default=(date.min, FILE))


def _fault(series: FeedSeries, data_type: str, run: list[date], last: date) -> FeedFault:
    span = " to ".join(series.written(start) for start in sorted({run[0], run[-1]}))
    ratings = RATING_TYPES.values()
    if data_type in ratings and any((start, other) in series for start in run for other in ratings):
        expected = f"all five counts of a {series.period}, or none"
    else:
        first = min(start for start, name in series if data_type in (FILE, name))
        expected = f"one for each {series.period} from {series.written(first)} to {series.written(last)}"
    return FeedFault(None, data_type, f"no entry for {span}; expected {expected}.")
