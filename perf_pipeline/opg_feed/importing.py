"""The import of an OPG feed file (DOMAIN 3.5): earlier published months, each marked as imported.

Belongs here: which entries are imported, and the published rows that they make. Doesn't belong here: faults of a file
(`audit`), versions and the revision log (`published.publishing`).
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import pandas as pd

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.feed_types import COMPLETION_TYPE, HEADLINE_TYPE, RATING_TYPES, TAKE_UP_TYPE
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.methods import UNKNOWN_METHOD, is_break
from perf_pipeline.catalogue.reporting_days import last_ended_day, month_end
from perf_pipeline.catalogue.services import Service, Services
from perf_pipeline.errors import UsageError
from perf_pipeline.opg_feed.audit import audit, faults_between_entries, satisfaction_of
from perf_pipeline.opg_feed.entries import Feed, FeedEntry, Values
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.files import file_columns
from perf_pipeline.published.markers import markers
from perf_pipeline.published.publishing import publish_figures
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing

RUN_ID: Final = "import-history"
_IMPORTED: Final = "imported"
_MONTH: Final = "month"
_RATINGS: Final = tuple(RATING_TYPES.values())

_INDICATORS: dict[str, IndicatorName] = {
    **dict.fromkeys((HEADLINE_TYPE, *_RATINGS), "user-satisfaction"),
    COMPLETION_TYPE: "completion-rate",
    TAKE_UP_TYPE: "digital-take-up",
}
"""The indicator that each dataType belongs to."""

Row = dict[str, object]


@dataclass(frozen=True)
class History:
    """What a file adds to the series of one service."""

    service: str
    figures: dict[IndicatorName, pd.DataFrame]
    """Rows in the published shape; no empty frames."""
    left_out: tuple[str, ...]
    """What is not imported and why, in sentences."""


def history_of(feed: Feed, services: Services, now: datetime) -> History:
    """The rows that a file's entries make. Entries with faults are left out, but a number written as text is used.

    Raises UsageError if the file is not about a service of the services file.
    """
    slugs = [service.slug for service in services]
    slug = feed.most_common("service")
    if slug is None or slug not in services:
        raise UsageError(
            f"The file is about {slug or 'no service'}, which is not in the services file.",
            next_step=f"add the service to it, or give a file about one of {', '.join(slugs)}.",
        )
    faulty = {fault.entry for fault in faults_between_entries(feed)}
    sound = {number: entry for number, entry in feed.entries.items() if number not in faulty}
    faults = [fault.sentence for fault in audit(feed) if fault.entry and fault.entry not in sound]
    unambiguous = feed.values()
    usable = {entry.key: entry.count for entry in sound.values() if entry.key in unambiguous}
    reasons = {entry.key: _reason_to_leave_out(entry, usable, services[slug], now) for entry in sound.values()}
    values = {key: count for key, count in usable.items() if reasons[key] is None}
    rows: dict[IndicatorName, list[Row]] = {
        "user-satisfaction": _satisfaction(values, services[slug]),
        "completion-rate": _percentages(values, slug, COMPLETION_TYPE, "cohort_completion_percent"),
        "digital-take-up": _percentages(values, slug, TAKE_UP_TYPE, "digital_take_up_percent"),
    }
    counted = Counter(reason for reason in reasons.values() if reason)
    left_out = [f"{number:,} {'entry' if number == 1 else 'entries'} {reason}." for reason, number in counted.items()]
    frames = {indicator: pd.DataFrame(found, dtype=object) for indicator, found in rows.items() if found}
    return History(slug, frames, (*faults, *left_out))


def _reason_to_leave_out(entry: FeedEntry, usable: Values, service: Service, now: datetime) -> str | None:
    indicator = _INDICATORS.get(entry.data_type)
    if entry.is_demonstration:
        return "of demonstration data"
    if entry.period != _MONTH:
        return "not of a month"
    if indicator is None:
        return f"of {entry.data_type}, which no dataset holds"
    if indicator not in service.indicators:
        return f"of {entry.data_type}: {service.slug} does not publish {indicator}"
    if month_end(entry.start) > last_ended_day(now):
        return "of a month that has not ended"
    if entry.key not in usable:
        return "contradicted by another entry"
    if entry.data_type in _RATINGS and not all((entry.start, name) in usable for name in _RATINGS):
        return f"of {entry.start:%Y-%m}, which does not have all five counts of ratings"
    return None


def _satisfaction(values: Values, service: Service) -> list[Row]:
    """A row for each month with a headline or with all five counts. The headline is the published one."""
    computed = satisfaction_of(values)
    rows = []
    for month in sorted({month for month, name in values if name in (HEADLINE_TYPE, *_RATINGS)}):
        row = {"headline_method": UNKNOWN_METHOD, **computed.get(month, {})}
        headline = values.get((month, HEADLINE_TYPE))
        begins = is_break(month, month_end(month)) or service.changes_headline_source(month, month_end(month))
        row |= {
            "service": service.slug,
            "period_start": month,
            "source": service.headline_source(month),
            "headline_percent": None if headline is None else int(headline),
            "headline_method": None if headline is None else row["headline_method"],
            "markers": markers(is_break=begins),
        }
        rows.append(row)
    return rows


def _percentages(values: Values, service: str, data_type: str, column: str) -> list[Row]:
    """A row for each month with the percentage. Its counts were never published."""
    return [
        {
            "service": service,
            "period_start": month,
            "lpa_type": ALL,
            # The same decimals as in the column, so that importing a file again changes nothing.
            column: count.quantize(Decimal("0.01"), ROUND_HALF_UP),
            "markers": markers(),
        }
        for (month, name), count in sorted(values.items())
        if name == data_type
    ]


def import_history(systems: Systems, history: History) -> list[str]:
    """Publish the figures of a file unless a computed version is in force; a sentence for each indicator.

    One transaction for each table: after an interruption the next import adds the rest. Importing again changes nothing.
    """
    sentences = []
    for indicator, figures in history.figures.items():
        dataset = DATASETS[INDICATORS[indicator].published_dataset]
        named = figures.assign(period=_MONTH, origin=_IMPORTED)
        shaped = named.reindex(columns=file_columns(dataset, "month")).astype(object)
        key = list(dataset.identity)
        with transaction(systems.warehouse) as connection:
            lock_for_writing(connection, dataset.name)
            in_force = figures_as_of(connection, indicator, history.service, _MONTH, columns=[*key, "origin"])
            computed = {tuple(row)[:-1] for row in in_force if row.origin != _IMPORTED}
            is_free = [found not in computed for found in shaped[key].itertuples(index=False, name=None)]
            free = shaped[is_free].reset_index(drop=True)
            new = publish_figures(connection, dataset, free, RUN_ID, systems.clock()) if len(free) else 0
        sentences.append(_sentence(indicator, list(free["period_start"]), new, len(shaped) - len(free)))
    return sentences


def _sentence(indicator: IndicatorName, months: list[date], new: int, left_alone: int) -> str:
    imported = f"{indicator}: {len(months):,} month{'' if len(months) == 1 else 's'} imported"
    span = f" ({months[0]:%Y-%m} to {months[-1]:%Y-%m}), {new:,} of them new or changed" if months else ""
    alone = f"; {left_alone:,} left alone, as computed figures are in force" if left_alone else ""
    return f"{imported}{span}{alone}."
