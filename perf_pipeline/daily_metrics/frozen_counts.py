"""The counts of frozen days, whose rows were dropped (`extracted.retention`): those that the daily table holds.

Percentages and the headline are reckoned from them as from any other counts.
"""

import pandas as pd
from sqlalchemy import Connection, select

from perf_pipeline.catalogue.columns import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.retention import ROW_SOURCES, frozen_days
from perf_pipeline.warehouse.tables import TABLES


def with_frozen_counts(connection: Connection, dataset: str, days: DayRange, counts: pd.DataFrame) -> pd.DataFrame:
    """`counts` of the days with the held ones in place of those that were made of what rows are left.

    A frozen day that the daily table has lost stays lost: zeros would be a figure, and a wrong one. Only the source whose
    rows were dropped is frozen; other sources of ratings of the same day are not.
    """
    source = next((source for source in ROW_SOURCES.values() if dataset in source.daily), None)
    frozen = frozen_days(connection, source) if source else {}
    if source is None or not any(span.first <= days.last and days.first <= span.last for span in frozen.values()):
        return counts

    def is_frozen(rows: pd.DataFrame) -> "pd.Series[bool]":
        pairs = zip(rows["service"], rows["report_date"], strict=True)
        old = [service in frozen and day in frozen[service] for service, day in pairs]
        ours = rows["source"] == source.name if "source" in rows else rows["lpa_type"] != ALL
        return pd.Series(old, index=rows.index, dtype=bool) & ours

    held = _held(connection, dataset, days, counts)
    both = pd.concat([counts[~is_frozen(counts)], held[is_frozen(held)]], ignore_index=True)
    return both.sort_values(["service", "report_date"], kind="stable", ignore_index=True)


def _held(connection: Connection, dataset: str, days: DayRange, like: pd.DataFrame) -> pd.DataFrame:
    table = TABLES[dataset]
    columns = [table.c[name] for name in like.columns]
    return pd.read_sql_query(select(*columns).where(table.c.report_date.between(days.first, days.last)), connection)
