"""What the extracted assets show in Dagit: rows kept and set aside by day, and why."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
from sqlalchemy import CursorResult, Engine

from perf_pipeline.catalogue.reporting_days import DayRange
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
        reasons = _frame(run_sql(connection, _SQL / "quarantine_by_reason.sql", **values))
    per_day: dict[date, dict[str, float]] = {
        row.report_date: {
            "dagster/partition_row_count": int(row.kept),
            "rows_quarantined": int(row.quarantined),
            "rows_duplicate": int(row.duplicate),
        }
        for row in by_day
    }
    facts: dict[str, Fact] = {"deliveries": dg.MetadataValue.md(as_markdown(outcomes))}
    if not reasons.empty:
        facts["quarantine"] = dg.MetadataValue.md(as_markdown(reasons))
    return Written(per_day=per_day, facts=facts)


def _frame(result: CursorResult[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(result.all(), columns=list(result.keys()))
