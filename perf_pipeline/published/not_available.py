"""Explicit `[x]` rows for figures whose source nobody has set: said to be not available, rather than left out."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, text

from perf_pipeline.catalogue.reporting_days import DayRange, month_end, month_start
from perf_pipeline.published.markers import markers

_UNSET_DAYS = text(
    "SELECT service, source_name AS source, report_date FROM perf.source_deliveries"
    " WHERE source_name = ANY(:sources) AND outcome = 'unset' AND delivered_at IS NULL"
    " AND report_date BETWEEN :first AND :last ORDER BY service, source_name, report_date"
)


def not_available(connection: Connection, sources: Sequence[str], days: DayRange) -> pd.DataFrame:
    """Rows of service, source, period_start, period, origin and markers for unset days, and months of nothing else."""
    months = days.whole_months()
    values = {"sources": list(sources), "first": months.first, "last": months.last}
    unset = connection.execute(_UNSET_DAYS, values).all()
    rows = [(service, source, day, "day") for service, source, day in unset if day in days]
    per_month = Counter((service, source, month_start(day)) for service, source, day in unset)
    rows += [(*key, "month") for key, count in per_month.items() if count == month_end(key[2]).day]
    frame = pd.DataFrame(rows, columns=["service", "source", "period_start", "period"])
    return frame.assign(origin="computed", markers=markers(is_not_available=True))
