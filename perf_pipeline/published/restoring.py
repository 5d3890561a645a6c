"""Restores withdrawn figures: as they are built now, or else as they were published before."""

from datetime import timedelta

import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS, VERSION_COLUMNS
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.publishing import publish_figures
from perf_pipeline.published.series import PublishedSeries
from perf_pipeline.published.withdrawing import Withdrawal, delete_withdrawal
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.replacing import lock_for_writing

_BY_HAND = "by hand"


def restore(
    connection: Connection, systems: Systems, series: PublishedSeries, figure: Withdrawal, reason: str | None
) -> bool:
    """Publish the figure again, and no other. Returns whether it was withdrawn.

    The revision log gets the reason. Without one it gets the reason of the withdrawal.
    """
    dataset = DATASETS[INDICATORS[figure.indicator].published_dataset]
    lock_for_writing(connection, dataset.name)
    withdrawn = delete_withdrawal(connection, figure)
    if withdrawn is None:
        return False
    day = DayRange(figure.period_start, figure.period_start)
    columns = [name for name in dataset.column_names if name not in VERSION_COLUMNS]
    frames = [frame.reindex(columns=columns).astype(object) for frame in series.figures(connection, systems, [day])]
    built = pd.concat(frames, ignore_index=True)
    is_figure = (
        (built[dataset.subject] == figure.subject)
        & (built["period_start"] == figure.period_start)
        & (built["period"] == figure.period)
    )
    # With the rows that are no longer built, such as those of an imported month.
    before = withdrawn.withdrawn_at - timedelta(microseconds=1)
    earlier = figures_as_of(
        connection, figure.indicator, figure.subject, figure.period, before, columns=columns, starting_in=day
    )
    rows = pd.concat([built[is_figure], pd.DataFrame(earlier, columns=columns, dtype=object)], ignore_index=True)
    rows = rows.drop_duplicates(list(dataset.identity), ignore_index=True)
    words = f"Restored: {reason}" if reason else f"Restored. It had been withdrawn: {withdrawn.reason}"
    publish_figures(connection, dataset, rows, _BY_HAND, systems.clock(), reason=words)
    return True
