"""Explicit `[x]` rows for figures whose source is not set, or that lie before its first day: not available, not left out."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
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


def not_available(
    connection: Connection, dataset: Dataset, systems: Systems, ranges: Sequence[DayRange]
) -> pd.DataFrame:
    """Rows of key columns, origin and markers for the days without any source, and the months of nothing else.

    Days before the first day of a source are among them whatever the ranges are, since nobody builds those. Where nothing
    sums the dimension, as with sources of ratings, each source has its own row.
    """
    dimension = dataset.dimension
    unavailable = run_sql(
        connection,
        _SQL / "unavailable_days.sql",
        needed=json.dumps(needed_sources(dataset, systems)),
        first_day=systems.first_day,
        last_day=last_ended_day(systems.clock()),
    )
    built = {day for days in ranges for day in days}
    rows: list[tuple[str, str | None, date, str]] = []
    per_month: Counter[tuple[str, str | None, date]] = Counter()
    for row in unavailable:
        value = (dimension.total or row.source_name) if dimension else None
        per_month[row.subject, value, month_start(row.day)] += 1
        if row.is_too_early or row.day in built:
            rows.append((row.subject, value, row.day, "day"))
    rows += [(*key, "month") for key, count in per_month.items() if count == month_end(key[2]).day]
    column = dimension.column if dimension else "dimension"
    frame = pd.DataFrame(rows, columns=[dataset.subject, column, "period_start", "period"])
    return frame.assign(origin="computed", markers=markers(is_not_available=True))
