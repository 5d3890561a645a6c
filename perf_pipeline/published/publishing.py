"""Writing published figures: a figure that changed gets a new version, the earlier one stays (promise 6)."""

from collections import Counter
from collections.abc import Callable
from datetime import date

import pandas as pd
from sqlalchemy import Connection, func, select

from perf_pipeline.catalogue.datasets import DATASETS, VERSION_COLUMNS, Dataset
from perf_pipeline.orchestration.flow_assets import Fact, Written
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.versions import Versioning, merge_versions


def versioning_of(dataset: Dataset) -> Versioning:
    """Versions of published figures: another one whenever any cell that readers see differs."""
    compared = tuple(name for name in dataset.column_names if name not in (*dataset.identity, *VERSION_COLUMNS))
    return Versioning(dataset.name, dataset.identity, compared, born=("published_at",))


def publish(systems: Systems, name: str, read: Callable[[Connection], list[pd.DataFrame]], run_id: str) -> Written:
    """Bring the published table to what the frames of `read` say; figures that are not among them stay as they are.

    The frames are read with the table locked: of two runs at once, the later writer has also read later, so that no figure
    gives way to an older one.
    """
    dataset = DATASETS[name]
    columns = [column for column in dataset.column_names if column not in VERSION_COLUMNS]
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, name)
        frames = [frame.reindex(columns=columns).astype(object) for frame in read(connection)]
        figures = pd.concat(frames, ignore_index=True)
        changed = merge_versions(connection, versioning_of(dataset), figures.assign(run_id=run_id), systems.clock())
        table = TABLES[name]
        in_force = connection.execute(
            select(func.count()).select_from(table).where(table.c.superseded_at.is_(None))
        ).scalar_one()
    facts: dict[str, Fact] = {"new_versions": changed, "figures_in_force": int(in_force)}
    return Written(per_day=_rows_per_day(figures), preview=_newest_months(figures), facts=facts)


def _rows_per_day(figures: pd.DataFrame) -> dict[date, dict[str, float]]:
    days = Counter(figures[figures["period"] == "day"]["period_start"])
    return {day: {"dagster/partition_row_count": count} for day, count in days.items()}


def _newest_months(figures: pd.DataFrame) -> pd.DataFrame:
    return figures[figures["period"] == "month"].sort_values("period_start").dropna(axis="columns", how="all")
