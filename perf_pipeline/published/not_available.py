"""Explicit `[x]` rows for figures whose source nobody has set: said to be not available, rather than left out."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.reporting_days import DayRange, month_end, month_start
from perf_pipeline.published.markers import markers
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def not_available(connection: Connection, sources: Sequence[str], days: DayRange) -> pd.DataFrame:
    """Rows of service, source, period_start, period, origin and markers for unset days, and months of nothing else."""
    months = days.whole_months()
    rows_of_ledger = run_sql(
        connection, _SQL / "unset_days.sql", sources=list(sources), first_day=months.first, last_day=months.last
    )
    unset = [(row.service, row.source, row.report_date) for row in rows_of_ledger]
    rows = [(service, source, day, "day") for service, source, day in unset if day in days]
    per_month = Counter((service, source, month_start(day)) for service, source, day in unset)
    rows += [(*key, "month") for key, count in per_month.items() if count == month_end(key[2]).day]
    frame = pd.DataFrame(rows, columns=["service", "source", "period_start", "period"])
    return frame.assign(origin="computed", markers=markers(is_not_available=True))
