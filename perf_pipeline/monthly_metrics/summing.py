"""Months are summed again from the daily counts; daily percentages are never averaged (DOMAIN 2.5)."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, Date, cast, func, select

from perf_pipeline.catalogue.datasets import DATASETS, STATE_FLAGS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.verdicts import good_days


def sum_months(
    connection: Connection, daily: str, dimension: str, columns: Sequence[str], days: DayRange
) -> pd.DataFrame:
    """The months that `days` touch, whole: by service, month_start and `dimension`, the sums of `columns` on good days.

    Also days_included_count and days_expected_count, and whether the month is provisional or estimated: where one of its
    days is, or is lacking.
    """
    table, months = good_days(daily), days.whole_months()
    month_start = cast(func.date_trunc("month", table.c.report_date), Date).label("month_start")
    flags = [name for name in STATE_FLAGS if name in DATASETS[daily].column_names]
    statement = (
        select(
            table.c.service,
            month_start,
            table.c[dimension],
            *(cast(func.sum(table.c[name]), table.c[name].type).label(name) for name in columns),
            func.count().label("days_included_count"),
            *(func.bool_or(table.c[flag]).label(flag) for flag in flags),
        )
        .where(table.c.report_date.between(months.first, months.last))
        .group_by(table.c.service, month_start, table.c[dimension])
        .order_by(table.c.service, month_start, table.c[dimension])
    )
    sums = pd.read_sql_query(statement, connection)
    expected = pd.to_datetime(sums["month_start"]).dt.days_in_month.astype("int64")
    is_lacking = sums["days_included_count"] < expected
    return sums.assign(days_expected_count=expected, **{flag: sums[flag].astype(bool) | is_lacking for flag in flags})
