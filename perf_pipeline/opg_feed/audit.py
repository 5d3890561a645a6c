"""The audit of an OPG feed file (DOMAIN 3.5): rules that compare an entry with the others of its file.

Belongs here: one function for each rule. Doesn't belong here: the format of a single entry (`entries`).
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

import pandas as pd

from perf_pipeline.catalogue.feed_types import CHANNEL, DATA_TYPES, HEADLINE_TYPE, RATING_TYPES, timestamp
from perf_pipeline.catalogue.methods import is_break
from perf_pipeline.catalogue.reporting_days import ONE_DAY
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.opg_feed.entries import PERIODS, Feed, FeedFault, Key, Values, fault_of, period_of, shown

_RATINGS: Final = tuple(RATING_TYPES.values())


def audit(feed: Feed) -> list[FeedFault]:
    """Every fault of a file in the order of its entries, then those of no single entry."""
    faults = [*feed.faults, *faults_between_entries(feed), *_absent(feed)]
    if not feed.size:
        faults.append(FeedFault(None, "file: it holds no entry; expected at least one."))
    return sorted(faults, key=lambda fault: (fault.entry is None, fault.entry or 0))


def notes(feed: Feed, services: Collection[str]) -> list[str]:
    """What a reader should know about a file and is no fault of it. `services`: slugs of the services file."""
    service = feed.most_common("service")
    found = []
    if service is not None and service not in services:
        found.append(f"Note: {service} is not in the services file ({', '.join(services)}). This is no fault.")
    count = sum(entry.is_demonstration for entry in feed.entries.values())
    if count:
        found.append(f"Note: {count:,} of {feed.size:,} entries are marked as demonstration data.")
    return found


def faults_between_entries(feed: Feed) -> Iterator[FeedFault]:
    """Faults of entries that are valid by themselves and do not fit each other."""
    yield from _names(feed)
    yield from _repeated(feed)
    yield from _headlines(feed)


def conclusion(feed: Feed, faults: Collection[FeedFault]) -> str:
    """The audit in one line. If there are no faults, it names the first and the last period."""
    number = f"{len(faults):,}" if faults else "No"
    counted = f"{number} fault{'' if len(faults) == 1 else 's'}"
    line = f"{counted} in {feed.size:,} {'entry' if feed.size == 1 else 'entries'}"
    starts = sorted(start for start, _ in feed.values())
    if faults or not starts:
        return f"{line}."
    periods = _periods(starts[0], starts[-1], feed.most_common("period"))
    return f"{line}, {' to '.join(sorted({str(periods[0]), str(periods[-1])}))}."


def report(feed: Feed, faults: Collection[FeedFault], noted: Collection[str]) -> dict[str, object]:
    """The audit for programs: `entries`, `first_period`, `last_period`, `faults` with entry and sentence, and `notes`."""
    starts = sorted(start for start, _ in feed.values())
    length = feed.most_common("period")
    first, last = (str(period_of(start, length)) for start in (starts[0], starts[-1])) if starts else (None, None)
    return {
        "entries": feed.size,
        "first_period": first,
        "last_period": last,
        "faults": [{"entry": fault.entry, "sentence": fault.sentence} for fault in faults],
        "notes": [*noted],
    }


def satisfaction_of(values: Values) -> dict[date, dict[str, object]]:
    """For each period with all five rating counts: the counts, both percentages, the headline and its method."""
    counts = [
        {"period_start": start, **{column: int(values[start, name]) for column, name in RATING_TYPES.items()}}
        for start in sorted({start for start, _ in values})
        if all((start, name) in values for name in _RATINGS)
    ]
    rows = with_satisfaction(pd.DataFrame(counts), "period_start").to_dict("records") if counts else []
    return {row["period_start"]: {str(name): value for name, value in row.items()} for row in rows}


def _names(feed: Feed) -> Iterator[FeedFault]:
    """A file is about one service, which may be any, and one known channel and period length."""
    for key, known in (("service", None), ("channel", (CHANNEL,)), ("period", PERIODS)):
        common = feed.most_common(key)
        if known is not None and common is not None and common not in known:
            expected = f"{'one of ' if len(known) > 1 else ''}{', '.join(known)}"
            yield FeedFault(None, f"file: {key} {shown(common)} is unknown; expected {expected}.")
        for number, entry in feed.entries.items():
            if (found := getattr(entry, key)) != common:
                what = f"{key} is {shown(found)}; expected {common}, as in the rest of the file."
                yield fault_of(number, what, *entry.key)


def _repeated(feed: Feed) -> Iterator[FeedFault]:
    first: dict[Key, int] = {}
    for number, entry in feed.entries.items():
        if (earlier := first.setdefault(entry.key, number)) != number:
            what = f"it has the _timestamp and dataType of entry {earlier}; expected one of them."
            yield fault_of(number, what, *entry.key)


def _headlines(feed: Feed) -> Iterator[FeedFault]:
    """A headline must be what the five counts of its period give under the method then in force (DOMAIN 2.1)."""
    values = feed.values()
    computed = satisfaction_of(values)
    for number, entry in feed.entries.items():
        if entry.data_type != HEADLINE_TYPE or entry.key not in values or entry.start not in computed:
            continue
        given, method = computed[entry.start]["headline_percent"], computed[entry.start]["headline_method"]
        last_day = period_of(entry.start, entry.period).end_time.date()
        if entry.count != given and not is_break(entry.start + ONE_DAY, last_day):
            expected = f"{given}, which the five counts give under {method}"
            if given is None:
                expected = "no entry, as the five counts are 0"
            yield fault_of(number, f"count is {entry.count}; expected {expected}.", *entry.key)


def _absent(feed: Feed) -> Iterator[FeedFault]:
    """A series has an entry for each period from its first to the last of the file. The five counts begin together.

    An invalid entry may be the absent one if its period, its dataType or both are valid and the same. Then only the
    invalid entry is reported; what is still absent when it has been corrected is reported then.
    """
    values = feed.values()
    present = {entry.key for entry in feed.entries.values()}

    def is_absent(start: date, data_type: str) -> bool:
        wanted = {"_timestamp": timestamp(start), "dataType": data_type}
        may_be_invalid = any(valid and valid.items() <= wanted.items() for valid in feed.invalid)
        is_null = data_type == HEADLINE_TYPE and all(values.get((start, name)) == 0 for name in _RATINGS)
        return not ((start, data_type) in present or may_be_invalid or is_null)

    length = feed.most_common("period")
    for data_type in DATA_TYPES if length in PERIODS else ():
        together = _RATINGS if data_type in _RATINGS else (data_type,)
        begun = [start for start, name in present if name in together]
        periods = _periods(min(begun), max(present)[0], length) if begun else []
        absent = [str(period) for period in periods if is_absent(period.start_time.date(), data_type)]
        if absent:
            expected = f"one for each {length} from {periods[0]} to {periods[-1]}"
            yield FeedFault(None, f"{data_type}: no entry for {', '.join(absent)}; expected {expected}.")


def _periods(first: date, last: date, length: str | None) -> list[pd.Period]:
    return list(pd.period_range(period_of(first, length), period_of(last, length)))
