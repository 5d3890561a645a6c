"""Merges the channel counts of Sirius into extracted_channel_counts: one row per day, type of LPA and version."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.catalogue.dimensions import KNOWN_LPA_TYPES
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.quarantining import UnusableRow, quarantine, resolve
from perf_pipeline.extracted.readings import DayCounts, Delivery, Merged, Reading, record_delivery
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.versions import Versioning, merge_versions

if TYPE_CHECKING:
    from perf_pipeline.extracted.sirius.client import ChannelCountDelivery, ChannelCountRow

_SQL = Path(__file__).parent / "sql"
_IDENTITY = ("service", "report_date", "lpa_type")
_COMPARED = (*TAKE_UP_COUNTS, "is_final")
_VERSIONING = Versioning(
    "extracted_channel_counts",
    identity=_IDENTITY,
    compared=TAKE_UP_COUNTS,
    created_columns=("first_seen_at",),
    seen_columns=("last_seen_at",),
    updated_columns=("is_final",),
)

Held = dict[tuple[date, str], tuple[object, ...]]
"""The current counts and whether they are final, by day and type of LPA."""


def extract_channel_counts(reading: Reading) -> Merged:
    """Request the days and merge the answer. A day that Sirius does not have is not known yet, never zero."""
    # The HTTP client is slow to import, and loading the definitions does not need it.
    from perf_pipeline.extracted.sirius.client import SiriusClient

    sirius = SiriusClient(reading.address, auth=reading.systems.sirius_auth, deadline=reading.deadline)
    delivery = sirius.channel_counts(reading.days.first, reading.days.last)
    with transaction(reading.systems.warehouse) as connection:
        lock_for_writing(connection, reading.source.extract)
        held, seen_later = _held(connection, reading)
        whole = _whole_days(delivery.rows)
        # Only whole days are merged: types from two readings would add up to a total that Sirius never had.
        rows = [row for row in delivery.rows if row.report_date in whole]
        newer = [row for row in rows if (row.report_date, row.lpa_type) not in seen_later]
        changes = {
            row.report_date: SourceChange.REVISED
            for row in newer
            if held.get((row.report_date, row.lpa_type)) != tuple(getattr(row, name) for name in _COMPARED)
        }
        merge_versions(connection, _VERSIONING, _frame(reading, newer), reading.now)
        unusable = [UnusableRow(row.row_ref, row.report_date, row.reason) for row in delivery.rejected]
        quarantine(connection, reading, unusable)
        resolve(connection, reading, (row.row_ref for row in delivery.rows), whole)
        counts = _counts(delivery, rows, _held(connection, reading)[0], reading.days)
        changed = record_delivery(connection, reading, Delivery(counts, changes), is_stand_in=delivery.is_stand_in)
    return Merged(changed, delivery.data_complete_up_to)


def _whole_days(rows: "Sequence[ChannelCountRow]") -> set[date]:
    """The days for which every type of LPA arrived."""
    types = Counter(row.report_date for row in rows)
    return {day for day, count in types.items() if count == len(KNOWN_LPA_TYPES)}


def _held(connection: Connection, reading: Reading) -> tuple[Held, set[tuple[date, str]]]:
    """The current counts, and the keys of those that a run has written which asked Sirius after this run."""
    rows = run_sql(
        connection,
        _SQL / "channel_counts_held.sql",
        service=reading.service.slug,
        first_day=reading.days.first,
        last_day=reading.days.last,
    ).all()
    held = {(row.report_date, row.lpa_type): tuple(getattr(row, name) for name in _COMPARED) for row in rows}
    return held, {(row.report_date, row.lpa_type) for row in rows if row.last_seen_at > reading.now}


def _frame(reading: Reading, rows: "Sequence[ChannelCountRow]") -> pd.DataFrame:
    values = [
        (reading.service.slug, row.report_date, row.lpa_type, *(getattr(row, name) for name in _COMPARED))
        for row in rows
    ]
    return pd.DataFrame(values, columns=[*_IDENTITY, *_COMPARED])


def _counts(
    delivery: "ChannelCountDelivery", rows: "Sequence[ChannelCountRow]", held: Held, days: DayRange
) -> dict[date, DayCounts]:
    """The row counts of each whole day. `kept` is the number of rows in the extract after the merge."""
    read = Counter(row.report_date for row in rows)
    bad = Counter(row.report_date for row in delivery.rejected)
    kept = Counter(day for day, _ in held)
    return {
        day: DayCounts(read=read[day] + bad[day], kept=kept[day], quarantined=bad[day]) for day in days if day in read
    }
