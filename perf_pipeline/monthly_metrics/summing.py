"""Sums months from the daily counts. Daily percentages are never averaged (DOMAIN 2.5)."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, Date, cast, func, select

from perf_pipeline.catalogue.datasets import DATASETS, STATE_FLAGS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.verdicts import good_periods


def sum_months(connection: Connection, daily: str, columns: Sequence[str], months: DayRange) -> pd.DataFrame:
    """The sums of `columns` over the good days of each month, by subject, month_start and the daily table's dimension.

    The frame also has days_included_count, days_expected_count, is_provisional and is_estimated. A month is provisional
    or estimated when one of its days is, or when a day is missing.
    """
    entry, table = DATASETS[daily], good_periods(daily)
    keys = [table.c[entry.subject], *([table.c[entry.dimension.column]] if entry.dimension else [])]
    month_start = cast(func.date_trunc("month", table.c.report_date), Date).label("month_start")
    flags = [name for name in STATE_FLAGS if name in entry.column_names]
    statement = (
        select(
            keys[0],
            month_start,
            *keys[1:],
            *(cast(func.sum(table.c[name]), table.c[name].type).label(name) for name in columns),
            func.count().label("days_included_count"),
            *(func.bool_or(table.c[flag]).label(flag) for flag in flags),
        )
        .where(table.c.report_date.between(months.first, months.last))
        .group_by(keys[0], month_start, *keys[1:])
        .order_by(keys[0], month_start, *keys[1:])
    )
    sums = pd.read_sql_query(statement, connection)
    expected = pd.to_datetime(sums["month_start"]).dt.days_in_month.astype("int64")
    is_incomplete = sums["days_included_count"] < expected
    return sums.assign(
        days_expected_count=expected, **{flag: sums[flag].astype(bool) | is_incomplete for flag in flags}
    )
