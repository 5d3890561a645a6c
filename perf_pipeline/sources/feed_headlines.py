"""The headline of an OPG feed file against the five counts of its period, under the method then in force (DOMAIN 2.1).

Belongs here: what the counts give, and whether the headline says so. Doesn't belong here: the methods and their eras
(`catalogue.methods`), every other rule (`feed_audit`).
"""

from collections.abc import Iterator
from datetime import date

from perf_pipeline.catalogue.feed_types import HEADLINE_TYPE, LARGEST_COUNT, RATING_TYPES
from perf_pipeline.catalogue.methods import is_break, method_in_force
from perf_pipeline.catalogue.reporting_days import ONE_DAY
from perf_pipeline.catalogue.rounding import percent
from perf_pipeline.sources.feed_entries import FeedEntry
from perf_pipeline.sources.feed_json import shown
from perf_pipeline.sources.feed_series import FeedSeries


def headline_fault(series: FeedSeries, entry: FeedEntry) -> Iterator[str]:
    """That a headline is not what its counts give, with what they do give."""
    start = series.start(entry)
    counts = _counts(series, start) if start is not None else None
    if start is None or counts is None or entry.count is None or not is_judged(series, entry):
        return
    method = method_in_force(start)
    weighted = sum(weight * count for weight, count in zip(method.weights, counts, strict=True))
    given = percent(weighted, max(method.weights) * sum(counts), decimals=0)
    if given is None:
        yield f"count is {shown(entry.count)}; expected no entry: the five counts are 0 and give no percentage."
    elif entry.count != given:
        yield f"count is {shown(entry.count)}; expected {given}, which the five counts give under {method.id}."


def is_judged(series: FeedSeries, entry: FeedEntry) -> bool:
    """Whether the entry is a headline beside five usable counts, of a period of one method, and not contradicted."""
    start = series.start(entry)
    if start is None or entry.data_type != HEADLINE_TYPE or _counts(series, start) is None:
        return False
    spans_two_methods = is_break(start + ONE_DAY, series.last_day(start))
    return series.value(start, HEADLINE_TYPE) is not None and not spans_two_methods


def _counts(series: FeedSeries, start: date) -> tuple[int, ...] | None:
    """The five counts of a period, None where one of them is lacking or can't be one."""
    values = [series.value(start, name) for name in RATING_TYPES.values()]
    usable = [
        int(value)
        for value in values
        if value is not None and 0 <= value <= LARGEST_COUNT and value == value.to_integral_value()
    ]
    return tuple(usable) if len(usable) == len(RATING_TYPES) else None
