"""Counts the rows of the extracts for a daily table, by `sql/{dataset}.sql`."""

from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, text

from perf_pipeline.catalogue.dimensions import LPA_TYPES
from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange

_SQL = Path(__file__).parent / "sql"


def counts_of(connection: Connection, dataset: str, days: DayRange, **values: object) -> pd.DataFrame:
    """The result of `sql/{dataset}.sql` for the days.

    The statement may bind first_day, last_day, timezone, lpa_types (an array) and the names in `values`.
    """
    bound = {
        "first_day": days.first,
        "last_day": days.last,
        "timezone": TIMEZONE,
        "lpa_types": list(LPA_TYPES),
        **values,
    }
    statement = text((_SQL / f"{dataset}.sql").read_text(encoding="utf-8"))
    statement = statement.bindparams(**{name: bound[name] for name in statement.compile().params})
    return pd.read_sql_query(statement, connection)
