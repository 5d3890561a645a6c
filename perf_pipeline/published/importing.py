"""Taking an OPG feed file into the series (DOMAIN 3.5): months as they were published before, each marked as imported.

Here: which entries are taken, and the published rows that they make. Not here: the faults of a file (`sources.feed_audit`),
versions and the revision log (`publishing`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.columns import ALL, RATING_COUNTS
from perf_pipeline.catalogue.datasets import DATASETS, VERSION_COLUMNS
from perf_pipeline.catalogue.feed_types import COMPLETION_TYPE, HEADLINE_TYPE, RATING_TYPES, TAKE_UP_TYPE
from perf_pipeline.catalogue.methods import UNKNOWN_METHOD, is_break
from perf_pipeline.catalogue.metrics import METRICS, Indicator
from perf_pipeline.catalogue.reporting_days import last_ended_day, london_day, month_end
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.daily_metrics.user_satisfaction import with_satisfaction
from perf_pipeline.errors import UsageError
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.markers import markers
from perf_pipeline.published.publishing import publish_figures
from perf_pipeline.sources.feed_audit import audit
from perf_pipeline.sources.feed_entries import FeedEntry, FeedReading, fault_of
from perf_pipeline.sources.feed_series import FeedSeries
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing

RUN_ID: Final = "import-history"
_IMPORTED: Final = "imported"
_MONTH: Final = "month"
_NUMBER_AS_TEXT: Final = "count is the text "
"""How the one fault begins that leaves no doubt of the figure."""

_INDICATORS: dict[str, Indicator] = {
    **dict.fromkeys((HEADLINE_TYPE, *RATING_TYPES.values()), "user-satisfaction"),
    COMPLETION_TYPE: "completion-rate",
    TAKE_UP_TYPE: "digital-take-up",
}
"""By dataType, the indicator whose published table takes it."""

Values = dict[tuple[date, str], Decimal]
"""What the file says, by first day of the month and dataType."""


@dataclass(frozen=True)
class History:
    """What a file holds for the series of one service: rows in the published shape, and what was left out, in sentences."""

    service: str
    figures: dict[Indicator, pd.DataFrame]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Import:
    """What became of the months of one indicator."""

    indicator: Indicator
    months: tuple[date, ...]
    """Months that are now as the file has them."""
    new_versions: int
    left_alone: int
    """Months whose computed figure is in force."""

    def __str__(self) -> str:
        taken = f"{self.indicator}: {_counted(len(self.months), 'month')} imported"
        span = f" ({self.months[0]:%Y-%m} to {self.months[-1]:%Y-%m}), {self.new_versions:,} of them new or changed"
        alone = f"; {self.left_alone:,} left alone, as computed figures are in force"
        return f"{taken}{span if self.months else ''}{alone if self.left_alone else ''}."


def history_of(reading: FeedReading, services: Services, now: datetime) -> History:
    """The rows that a file's sound entries make. An entry whose only fault is a number written as a text is sound.

    Raises UsageError where the file is not about a service of the services file.
    """
    slugs = [service.slug for service in services]
    series = FeedSeries(reading.entries, slugs, london_day(now))
    slug = series.common["service"]
    if slug is None or slug not in services:
        raise UsageError(
            f"The file is about {slug or 'no service'}, which is not in the services file.",
            next_step=f"add the service to it, or give a file about one of {', '.join(slugs)}.",
        )
    faults = [
        fault
        for fault in audit(reading, slugs, london_day(now))
        if fault.entry is not None and not fault.what.startswith(_NUMBER_AS_TEXT)
    ]
    faulty = {fault.entry for fault in faults}
    sound = [entry for entry in reading.entries if entry.index not in faulty]
    values, left_out = _values(sound, series, services[slug], now)
    figures: dict[Indicator, pd.DataFrame] = {
        "user-satisfaction": _satisfaction(values, services[slug]),
        "completion-rate": _percentages(values, slug, COMPLETION_TYPE, "cohort_completion_percent"),
        "digital-take-up": _percentages(values, slug, TAKE_UP_TYPE, "digital_take_up_percent"),
    }
    told = (*map(str, faults), *left_out, *_counts_left_out(values))
    return History(slug, {name: frame for name, frame in figures.items() if len(frame)}, told)


def _values(entries: list[FeedEntry], series: FeedSeries, service: Service, now: datetime) -> tuple[Values, list[str]]:
    """The figures of the entries, and what was left out: entries by themselves, or so many of a kind."""
    values: Values = {}
    single: list[str] = []
    kinds: Counter[str] = Counter()
    for entry in entries:
        start, data_type, count = series.start(entry), entry.data_type or "", entry.count
        indicator = _INDICATORS.get(data_type)
        if entry.period != _MONTH or start is None or count is None:
            kinds["not of a month"] += 1
        elif indicator is None:
            kinds[f"of {data_type}, which no dataset holds"] += 1
        elif indicator not in service.indicators:
            kinds[f"of {data_type}: {service.slug} does not publish {indicator}"] += 1
        elif month_end(start) > last_ended_day(now):
            kinds["of a month that has not ended"] += 1
        elif series.value(start, data_type) is None:
            single.append(str(fault_of(entry, "another entry says otherwise; expected one of them.")))
        else:
            values[start, data_type] = count
    return values, [*single, *(f"{_counted(count, 'entry', 'entries')} {kind}." for kind, count in kinds.items())]


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _ratings(values: Values, month: date) -> list[int]:
    """The counts of ratings that the file has of a month; they say something only if all five are there."""
    return [int(values[month, name]) for name in RATING_TYPES.values() if (month, name) in values]


def _counts_left_out(values: Values) -> Iterator[str]:
    for month in _months(values):
        found = len(_ratings(values, month))
        if 0 < found < len(RATING_COUNTS):
            yield f"{month:%Y-%m}: {found} of the five counts of ratings; expected all of them."


def _months(values: Values) -> list[date]:
    return sorted({month for month, _ in values})


def _satisfaction(values: Values, service: Service) -> pd.DataFrame:
    """A row for each month that has a headline or all five counts."""
    counted = [
        {"period_start": month, **dict(zip(RATING_COUNTS, ratings, strict=True))}
        for month in _months(values)
        if len(ratings := _ratings(values, month)) == len(RATING_COUNTS)
    ]
    reckoned = with_satisfaction(pd.DataFrame(counted), "period_start").to_dict("records") if counted else []
    by_month = {row["period_start"]: {str(name): value for name, value in row.items()} for row in reckoned}
    rows = [
        _satisfaction_row(service, month, by_month.get(month, {}), values.get((month, HEADLINE_TYPE)))
        for month in _months(values)
        if month in by_month or (month, HEADLINE_TYPE) in values
    ]
    return pd.DataFrame(rows, dtype=object)


def _satisfaction_row(
    service: Service, month: date, reckoned: dict[str, object], headline: Decimal | None
) -> dict[str, object]:
    """The headline is what was published; its method is known only where the counts give that headline under it."""
    is_known = headline is not None and headline == reckoned.get("headline_percent")
    method = reckoned["headline_method"] if is_known else UNKNOWN_METHOD
    begins = is_break(month, month_end(month)) or service.changes_headline_source(month, month_end(month))
    return {
        **reckoned,
        "service": service.slug,
        "period_start": month,
        "source": service.headline_source(month),
        "headline_percent": None if headline is None else int(headline),
        "headline_method": None if headline is None else method,
        "markers": markers(is_break=begins),
    }


def _percentages(values: Values, service: str, data_type: str, column: str) -> pd.DataFrame:
    """A row for each month that has the percentage, without the counts that nobody published."""
    rows = [
        {
            "service": service,
            "period_start": month,
            "lpa_type": ALL,
            # As the column holds it: what was imported twice must compare as the same.
            column: values[month, data_type].quantize(Decimal("0.01"), ROUND_HALF_UP),
            "markers": markers(),
        }
        for month in _months(values)
        if (month, data_type) in values
    ]
    return pd.DataFrame(rows, dtype=object)


def import_history(systems: Systems, history: History) -> list[Import]:
    """Publish the figures of a file, but for those whose computed version is in force; importing them again changes nothing.

    One transaction a table: killed anywhere, the next import takes up the rest.
    """
    made = []
    for indicator, figures in history.figures.items():
        dataset = DATASETS[METRICS[indicator].published_dataset]
        with transaction(systems.warehouse) as connection:
            lock_for_writing(connection, dataset.name)
            taken = _not_computed(connection, indicator, history).assign(period=_MONTH, origin=_IMPORTED)
            columns = [name for name in dataset.column_names if name not in VERSION_COLUMNS]
            shaped = taken.reindex(columns=columns).astype(object).reset_index(drop=True)
            new = publish_figures(connection, dataset, shaped, RUN_ID, systems.clock()) if len(taken) else 0
        made.append(Import(indicator, tuple(taken["period_start"]), new, len(figures) - len(taken)))
    return made


def _not_computed(connection: Connection, indicator: Indicator, history: History) -> pd.DataFrame:
    """The figures of which no computed version is in force."""
    key = ["period_start", DATASETS[METRICS[indicator].published_dataset].identity[-1]]
    rows = figures_as_of(connection, indicator, history.service, _MONTH, columns=[*key, "origin"])
    computed = {tuple(row)[:-1] for row in rows if row.origin != _IMPORTED}
    figures = history.figures[indicator]
    return figures[[held not in computed for held in zip(*(figures[name] for name in key), strict=True)]]
