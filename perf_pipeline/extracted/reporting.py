"""What the extracted assets show in Dagit: rows kept and set aside by day, and why."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from sqlalchemy import CursorResult, Engine

from perf_pipeline.catalogue.quarantine_reasons import REASONS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.quarantine_counts import Quarantined, quarantined
from perf_pipeline.orchestration.flow_assets import Fact, Written, as_markdown
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def report_deliveries(warehouse: Engine, sources: Sequence[str], days: DayRange) -> Written:
    """The ledger of the days, for the asset that has just read these sources."""
    values: dict[str, Any] = {"sources": list(sources), "first_day": days.first, "last_day": days.last}
    with connected(warehouse) as connection:
        by_day = run_sql(connection, _SQL / "rows_by_day.sql", **values).all()
        outcomes = _frame(run_sql(connection, _SQL / "deliveries_by_outcome.sql", **values))
        unusable = quarantined(connection, sources, days)
    per_day: dict[date, dict[str, float]] = {
        row.report_date: {
            "dagster/partition_row_count": int(row.kept),
            "rows_quarantined": int(row.quarantined),
            "rows_duplicate": int(row.duplicate),
            **_by_reason(unusable, row.report_date),
        }
        for row in by_day
    }
    facts: dict[str, Fact] = {"deliveries": dg.MetadataValue.md(as_markdown(outcomes))}
    if unusable:
        facts["quarantine"] = dg.MetadataValue.md(as_markdown(_explained(unusable)))
    return Written(per_day=per_day, facts=facts)


def _by_reason(unusable: Sequence[Quarantined], day: date) -> dict[str, float]:
    """A line of its own for each reason, which Dagit plots by day."""
    counts: dict[str, float] = {}
    for found in unusable:
        label = f"in quarantine: {found.reason}"
        counts[label] = counts.get(label, 0) + found.by_day.get(day, 0)
    return counts


def _explained(unusable: Sequence[Quarantined]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (found.service, found.source, found.reason, REASONS[found.source].get(found.reason), found.rows, found.days)
            for found in unusable
        ],
        columns=["service", "source", "reason", "meaning", "rows", "days"],
    )


def _frame(result: CursorResult[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(result.all(), columns=list(result.keys()))
