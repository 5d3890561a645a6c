"""Makes explicit `[x]` rows for figures whose source is not set, or that are before the source's first day."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import Dataset
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day, month_end, month_start
from perf_pipeline.flow.built_periods import needed_sources
from perf_pipeline.published.markers import markers
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"


def not_available(connection: Connection, dataset: Dataset, systems: Systems, days: DayRange) -> pd.DataFrame:
    """Rows of key columns, origin and markers for the days without any source, and for months of only such days.

    When the values of the dimension are never summed, as with the source of ratings, each value has its own row.
    """
    dimension = dataset.dimension
    months = days.whole_months()
    rows_of_ledger = run_sql(
        connection,
        _SQL / "unavailable_days.sql",
        needed=json.dumps(needed_sources(dataset, systems)),
        first_day=max(months.first, systems.first_day),
        last_day=min(months.last, last_ended_day(systems.clock())),
    )
    found = [
        (
            row.subject,
            row.source_name if dimension and dimension.total is None else dimension and dimension.total,
            row.day,
        )
        for row in rows_of_ledger
    ]
    rows = [(subject, value, day, "day") for subject, value, day in found if day in days]
    per_month = Counter((subject, value, month_start(day)) for subject, value, day in found)
    rows += [(*key, "month") for key, count in per_month.items() if count == month_end(key[2]).day]
    column = dimension.column if dimension else "dimension"
    frame = pd.DataFrame(rows, columns=[dataset.subject, column, "period_start", "period"])
    return frame.assign(origin="computed", markers=markers(is_not_available=True))
