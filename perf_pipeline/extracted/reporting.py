"""The report of an extracted asset in Dagit: rows kept and quarantined by day, changed days, and failures of sources."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import pandas as pd
from sqlalchemy import CursorResult, Row

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES, Source
from perf_pipeline.extracted.quarantine_counts import Quarantined, quarantined
from perf_pipeline.extracted.retention import Dropped
from perf_pipeline.flow.flow_asset import AssetReport, Metadata
from perf_pipeline.flow.tables import as_table
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def report_extraction(
    systems: Systems,
    sources: Sequence[Source],
    days: DayRange,
    changed: Collection[date],
    dropped: Mapping[tuple[str, str], Dropped],
    run_id: str,
) -> AssetReport:
    """The report of the asset that has just read these sources: the ledger of the run's days and of the changed days."""
    names, shown = [source.name for source in sources], sorted({*days, *changed})
    with connected(systems.warehouse) as connection:
        ledger = run_sql(connection, _SQL / "rows_by_day.sql", sources=names, days=shown, run_id=run_id).all()
        readings = _frame(run_sql(connection, _SQL / "last_readings.sql", sources=names))
        unusable = quarantined(connection, names)
    by_day = {day: list(rows) for day, rows in groupby(ledger, key=lambda row: row.period_start)}
    per_day = {day: _of_day(rows) | _by_reason(unusable, day) for day, rows in by_day.items()}
    metadata: dict[str, Metadata] = {"readings": as_table(readings), "changed_days": len(changed)}
    if unusable:
        metadata["quarantine"] = as_table(_explained(unusable))
    return AssetReport(per_day, metadata | _retention(dropped), days_beyond=frozenset(changed))


def _of_day(ledger: Sequence[Row[tuple[object, ...]]]) -> dict[str, Metadata]:
    """The rows that are kept of the day, and those that this run has read. A source that was not read has no number."""
    return {
        "dagster/partition_row_count": sum(int(row.kept) for row in ledger),
        "rows_duplicate": sum(int(row.duplicate) for row in ledger),
        **{f"{row.subject} {row.source_name} rows_read": int(row.read) for row in ledger if row.is_of_this_run},
    }


def _by_reason(unusable: Sequence[Quarantined], day: date) -> dict[str, Metadata]:
    """One number for each reason, which Dagit plots by day, and their sum."""
    counts: Counter[str] = Counter()
    for found in unusable:
        counts[f"in quarantine: {found.reason}"] += found.by_day.get(day, 0)
    return {"rows_quarantined": counts.total(), **counts}


def _explained(unusable: Sequence[Quarantined]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                found.subject,
                found.source,
                found.reason,
                SOURCES[found.source].reasons.get(found.reason),
                found.rows,
                found.days,
            )
            for found in unusable
        ],
        columns=["service", "source", "reason", "meaning", "rows", "days"],
    )


def _retention(dropped: Mapping[tuple[str, str], Dropped]) -> dict[str, Metadata]:
    if not dropped:
        return {}
    rows = pd.DataFrame(
        [
            (service, source, f"{found.rows:,}", found.frozen and str(found.frozen), found.held_back_by)
            for (service, source), found in dropped.items()
            if found.frozen or found.held_back_by
        ],
        columns=["service", "source", "rows dropped now", "frozen days", "held back by"],
    )
    metadata: dict[str, Metadata] = {"old_rows_dropped": sum(found.rows for found in dropped.values())}
    if not rows.empty:
        metadata["retention"] = as_table(rows)
    return metadata


def _frame(result: CursorResult[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(result.all(), columns=list(result.keys()))
