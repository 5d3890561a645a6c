"""What the extracted assets show in Dagit: rows kept and set aside by day, and why."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.orchestration.flow_assets import Fact, Written, as_markdown
from perf_pipeline.warehouse.engine import connected

_BY_DAY = text(
    "SELECT report_date, sum(rows_kept_count) AS kept, sum(rows_duplicate_count) AS duplicate, ("
    "SELECT count(*) FROM perf.quarantined_rows AS unusable WHERE unusable.source_name = ANY(:sources)"
    " AND unusable.resolved_at IS NULL AND unusable.report_date = ledger.report_date) AS quarantined"
    " FROM perf.source_deliveries AS ledger"
    " WHERE source_name = ANY(:sources) AND report_date BETWEEN :first AND :last GROUP BY report_date"
)
_BY_OUTCOME = text(
    "SELECT service, source_name AS source, outcome, count(*) AS days, min(report_date) AS from_day,"
    " max(report_date) AS to_day, sum(rows_read_count) AS rows_read, sum(rows_quarantined_count) AS quarantined,"
    " min(failure) AS failure FROM perf.source_deliveries"
    " WHERE source_name = ANY(:sources) AND report_date BETWEEN :first AND :last"
    " GROUP BY service, source_name, outcome ORDER BY service, source_name, outcome"
)
_REASONS = text(
    "SELECT service, source_name AS source, reason, count(*) AS rows FROM perf.quarantined_rows"
    " WHERE source_name = ANY(:sources) AND resolved_at IS NULL"
    " AND (report_date IS NULL OR report_date BETWEEN :first AND :last)"
    " GROUP BY service, source_name, reason ORDER BY service, source_name, reason"
)


def report_deliveries(warehouse: Engine, sources: Sequence[str], days: DayRange) -> Written:
    """The ledger of the days, for the asset that has just read these sources."""
    values: dict[str, Any] = {"sources": list(sources), "first": days.first, "last": days.last}
    with connected(warehouse) as connection:
        by_day = connection.execute(_BY_DAY, values).all()
        outcomes = pd.read_sql_query(_BY_OUTCOME, connection, params=values)
        reasons = pd.read_sql_query(_REASONS, connection, params=values)
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
