"""Adds the row of all types of LPA to counts by type."""

from collections.abc import Sequence

import pandas as pd

from perf_pipeline.catalogue.dimensions import ALL, LPA_TYPE


def with_totals(
    counts: pd.DataFrame, keys: Sequence[str], columns: Sequence[str], flags: Sequence[str]
) -> pd.DataFrame:
    """`counts` (keys + lpa_type + columns + flags) with an additional row of type `all` for each key.

    Counts are summed. A total is provisional or estimated when any of its parts is.
    """
    ways = dict.fromkeys(columns, "sum") | dict.fromkeys(flags, "any")
    totals = counts.groupby(list(keys), as_index=False).agg(ways).assign(**{LPA_TYPE.column: ALL})
    together = pd.concat([counts, totals[counts.columns]], ignore_index=True)
    return together.sort_values([*keys, LPA_TYPE.column], ignore_index=True)
