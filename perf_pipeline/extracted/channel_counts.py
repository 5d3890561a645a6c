"""Channel counts: from the Sirius data API into extracted_channel_counts, a row a day, type of LPA and version."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd
from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.columns import KNOWN_LPA_TYPES
from perf_pipeline.catalogue.datasets import TAKE_UP_COUNTS
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.attempting import attempt_reading, note_unset
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery
from perf_pipeline.extracted.quarantining import UnusableRow, quarantine, resolve
from perf_pipeline.extracted.reporting import report_deliveries
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.versions import Versioning, merge_versions

if TYPE_CHECKING:
    from perf_pipeline.sources.sirius import ChannelCountDelivery, ChannelCountRow, SiriusClient

_SQL = Path(__file__).parent / "sql"
_IDENTITY = ("service", "report_date", "lpa_type")
_VERSIONING = Versioning(
    "extracted_channel_counts",
    identity=_IDENTITY,
    compared=TAKE_UP_COUNTS,
    born=("first_seen_at",),
    seen=("last_seen_at",),
    refreshed=("is_final",),
)


def extract_channel_counts(warehouse: Engine, sirius: "SiriusClient", attempt: Attempt) -> None:
    """Ask for the days of the attempt and merge the answer. A day that Sirius lacks is not known yet, never zero."""
    delivery = sirius.channel_counts(attempt.days.first, attempt.days.last)
    with transaction(warehouse) as connection:
        lock_for_writing(connection, "extracted_channel_counts")
        newer, counts = _seen_later(connection, attempt), _counts(delivery, attempt.days)
        # One type of a day beside another type of an earlier reading would make a total that nobody ever counted.
        whole = [row for row in delivery.rows if row.report_date in counts]
        rows = [row for row in whole if (row.report_date, row.lpa_type) not in newer]
        merge_versions(connection, _VERSIONING, _frame(attempt, rows), attempt.now)
        unusable = [UnusableRow(row.row_ref, row.report_date, row.reason) for row in delivery.rejected]
        quarantine(connection, attempt, "extracted_channel_counts", unusable)
        resolve(connection, attempt, (row.row_ref for row in delivery.rows), counts)
        counts = {day: replace(said, kept=kept) for day, said, kept in _with_kept(connection, attempt, counts)}
        record_delivery(connection, attempt, counts, complete_up_to=delivery.data_complete_up_to)


def _with_kept(
    connection: Connection, attempt: Attempt, counts: dict[date, DayCounts]
) -> Iterator[tuple[date, DayCounts, int]]:
    """The days with the number of rows that the extract holds of each, once they are merged."""
    rows = run_sql(
        connection,
        _SQL / "channel_counts_held.sql",
        service=attempt.service,
        first_day=attempt.days.first,
        last_day=attempt.days.last,
    )
    kept = {row.report_date: int(row.kept) for row in rows}
    return ((day, said, kept.get(day, 0)) for day, said in counts.items())


def _seen_later(connection: Connection, attempt: Attempt) -> set[tuple[date, str]]:
    """Days and types that another run, which asked after this one, was quicker to write: its counts are the newer ones."""
    held = run_sql(connection, _SQL / "channel_counts_seen_later.sql", service=attempt.service, now=attempt.now)
    return {(row.report_date, row.lpa_type) for row in held}


def _frame(attempt: Attempt, rows: "list[ChannelCountRow]") -> pd.DataFrame:
    columns = [*_IDENTITY, *TAKE_UP_COUNTS, "is_final"]
    values = [
        (attempt.service, row.report_date, row.lpa_type, *(getattr(row, name) for name in TAKE_UP_COUNTS), row.is_final)
        for row in rows
    ]
    return pd.DataFrame(values, columns=columns)


def _counts(delivery: "ChannelCountDelivery", days: DayRange) -> dict[date, DayCounts]:
    """The days for which every type of LPA arrived, whole."""
    by_day: dict[date, list[ChannelCountRow]] = {}
    for row in delivery.rows:
        by_day.setdefault(row.report_date, []).append(row)
    counts = {}
    for day in days:
        rows = by_day.get(day, [])
        bad = sum(rejected.report_date == day for rejected in delivery.rejected)
        if {row.lpa_type for row in rows} == set(KNOWN_LPA_TYPES):
            counts[day] = DayCounts(read=len(rows) + bad, kept=len(rows), quarantined=bad)
    return counts


@flow_asset(deps=["sirius_channel_statistics"])
def extracted_channel_counts(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """Late scanning changes the counts of a day for months; every version is kept."""
    days = day_range(context)
    for service in systems.services.publishing("digital-take-up"):
        attempt = Attempt(service.slug, "sirius", days, systems.clock(), context.run.run_id)
        if systems.sirius is None:
            note_unset(systems.warehouse, attempt)
        else:
            # The client asks again by itself.
            read = partial(extract_channel_counts, systems.warehouse, systems.sirius)
            attempt_reading(systems.warehouse, attempt, read, tries=1)
    return report_deliveries(systems.warehouse, METRICS["digital-take-up"].sources, days)
