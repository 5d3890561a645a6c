"""The audit of an OPG feed file (DOMAIN 3.5): each entry against the rules of the feed and against the others.

Belongs here: one small function for each rule about entries that are there. Doesn't belong here: their form
(`published_history`), absent ones (`feed_gaps`), the headline against its counts (`feed_headlines`).
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import Final

from perf_pipeline.catalogue.feed_types import (
    DATA_TYPES,
    FIRST_YEAR,
    HEADLINE_TYPE,
    LARGEST_COUNT,
    NAME,
    PERCENT_TYPES,
    RATING_TYPES,
    timestamp,
)
from perf_pipeline.sources.feed_entries import FeedEntry, FeedFault, FeedReading, fault_of
from perf_pipeline.sources.feed_gaps import FILE, gaps
from perf_pipeline.sources.feed_headlines import headline_fault, is_judged
from perf_pipeline.sources.feed_json import shown
from perf_pipeline.sources.feed_series import FeedSeries, name_of


def audit(reading: FeedReading, services: Collection[str], today: date) -> list[FeedFault]:
    """Every fault of a file, by entry, those of no entry last.

    `services`: slugs of the services file. `today`: no period after the one it belongs to can have a figure yet.
    """
    series = FeedSeries(reading.entries, services, today)
    faults = [*reading.faults, *_faults_of_entries(series), *_unknown_in_common(series), *gaps(series)]
    if not reading.entries:
        faults.append(FeedFault(None, FILE, "it holds no entry; expected at least one."))
    return sorted(faults, key=lambda fault: (fault.entry is None, fault.entry or 0))


def conclusion(reading: FeedReading, faults: Collection[FeedFault]) -> str:
    """The audit in one line; of a file without faults also what it spans."""
    number = "No" if not faults else f"{len(faults):,}"
    line = f"{number} fault{'' if len(faults) == 1 else 's'} in {_counted(reading.entries)}"
    series = FeedSeries(reading.entries, (), date.max)
    starts = sorted({start for start, _ in series})
    if faults or not starts:
        return f"{line}."
    return f"{line}, {' to '.join(series.written(start) for start in sorted({starts[0], starts[-1]}))}."


def _counted(entries: Collection[FeedEntry]) -> str:
    return "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"


def _faults_of_entries(series: FeedSeries) -> Iterator[FeedFault]:
    earlier: dict[tuple[date, str], FeedEntry] = {}
    for entry in series.entries:
        for rule in _RULES:
            yield from (fault_of(entry, what) for what in rule(series, entry))
        start = series.start(entry)
        if start is not None and entry.data_type is not None:
            first = earlier.setdefault((start, entry.data_type), entry)
            if first is not entry:
                yield fault_of(
                    entry, f"it has the _timestamp and dataType of entry {first.index}; expected one of them."
                )


def _common_name(series: FeedSeries, entry: FeedEntry) -> Iterator[str]:
    for key, known in series.known.items():
        name, common = name_of(entry, key), series.common[key]
        if name is None or name == common:
            continue
        if name in known:
            yield f"{key} is {shown(name)}; expected {common}, as in the rest of the file."
        else:
            yield _unknown(key, name, [common] if common is not None and common in known else known)


def _unknown_in_common(series: FeedSeries) -> Iterator[FeedFault]:
    """A name that most entries share is told once, not with each of them."""
    for key, known in series.known.items():
        common = series.common[key]
        if common is not None and common not in known:
            yield FeedFault(None, FILE, _unknown(key, common, known))


def _data_type(_series: FeedSeries, entry: FeedEntry) -> Iterator[str]:
    if entry.data_type is not None and entry.data_type not in DATA_TYPES:
        yield _unknown("dataType", entry.data_type, DATA_TYPES)


def _timestamp(series: FeedSeries, entry: FeedEntry) -> Iterator[str]:
    if entry.period_start is None:
        return
    if series.start(entry) is None:
        span = f"{series.written(date(FIRST_YEAR, 1, 1))} to {series.written(series.running)}"
        yield f"_timestamp is {shown(entry.timestamp)}; expected one from {span}, which is still running."
    elif entry.timestamp != (expected := timestamp(series.start_of(entry.period_start))):
        first_day = f"the first day of its {series.period or 'period'}"
        yield f"_timestamp is {shown(entry.timestamp)}; expected {expected}, {first_day}."


def _count(series: FeedSeries, entry: FeedEntry) -> Iterator[str]:
    count, data_type = entry.count, entry.data_type
    if count is None or (data_type == HEADLINE_TYPE and is_judged(series, entry)):
        return
    is_whole = count == count.to_integral_value()
    if data_type in RATING_TYPES.values() and not (is_whole and 0 <= count <= LARGEST_COUNT):
        yield f"count is {shown(count)}; expected a whole number from 0 to {LARGEST_COUNT:,}."
    if data_type in PERCENT_TYPES and not 0 <= count <= 100:
        yield f"count is {shown(count)}; expected a percentage from 0 to 100."
    elif data_type == HEADLINE_TYPE and not is_whole:
        yield f"count is {shown(count)}; expected a whole percentage."


_RULES: Final[tuple[Callable[[FeedSeries, FeedEntry], Iterator[str]], ...]] = (
    _common_name,
    _data_type,
    _timestamp,
    _count,
    headline_fault,
)


def _unknown(key: str, name: str, known: Collection[str]) -> str:
    found = "unknown" if NAME.fullmatch(name) else "not of letters and hyphens alone"
    return f"{key} {shown(name)} is {found}; expected {'one of ' if len(known) > 1 else ''}{', '.join(known)}."
