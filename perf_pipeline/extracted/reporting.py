"""The report of an extracted asset in Dagit: rows kept and quarantined by day, changed days, and failures of sources."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
from sqlalchemy import CursorResult

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES, Source
from perf_pipeline.extracted.quarantine_counts import Quarantined, quarantined
from perf_pipeline.extracted.retention import Dropped
from perf_pipeline.flow.flow_asset import AssetReport, Metadata, as_markdown
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
) -> AssetReport:
    """The report of the asset that has just read these sources: the ledger of the run's days and of the changed days."""
    names = [source.name for source in sources]
    with connected(systems.warehouse) as connection:
        by_day = run_sql(connection, _SQL / "rows_by_day.sql", sources=names, days=sorted({*days, *changed})).all()
        readings = _frame(run_sql(connection, _SQL / "last_readings.sql", sources=names))
        unusable = quarantined(connection, names)
    per_day: dict[date, dict[str, float]] = {
        row.period_start: {
            "dagster/partition_row_count": int(row.kept),
            "rows_quarantined": int(row.quarantined),
            "rows_duplicate": int(row.duplicate),
            **_by_reason(unusable, row.period_start),
        }
        for row in by_day
    }
    metadata: dict[str, Metadata] = {
        "readings": dg.MetadataValue.md(as_markdown(readings)),
        "changed_days": len(changed),
    }
    if unusable:
        metadata["quarantine"] = dg.MetadataValue.md(as_markdown(_explained(unusable)))
    return AssetReport(per_day=per_day, metadata=metadata | _retention(dropped), days_beyond=frozenset(changed))


def _by_reason(unusable: Sequence[Quarantined], day: date) -> dict[str, float]:
    """One number for each reason, which Dagit plots by day."""
    counts: dict[str, float] = {}
    for found in unusable:
        label = f"in quarantine: {found.reason}"
        counts[label] = counts.get(label, 0) + found.by_day.get(day, 0)
    return counts


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
        metadata["retention"] = dg.MetadataValue.md(as_markdown(rows))
    return metadata


def _frame(result: CursorResult[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(result.all(), columns=list(result.keys()))
