"""Writing published figures: a figure that changed gets a new version, the earlier one stays (promise 6)."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, and_, exists, func, select

from perf_pipeline.catalogue.datasets import DATASETS, VERSION_COLUMNS, Dataset
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.flow.flow_asset import AssetReport, Metadata
from perf_pipeline.published.as_of import standing
from perf_pipeline.published.figures import BreakRule
from perf_pipeline.published.revising import outdated, revise
from perf_pipeline.published.withdrawing import with_withdrawals
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.versions import Versioning, merge_versions


def versioning_of(dataset: Dataset) -> Versioning:
    """Versions of published figures: another one whenever any cell that readers see differs."""
    compared = tuple(name for name in dataset.column_names if name not in (*dataset.identity, *VERSION_COLUMNS))
    return Versioning(dataset.name, dataset.identity, compared, created_columns=("published_at",))


def publish(
    systems: Systems,
    name: str,
    read: Callable[[Connection], list[pd.DataFrame]],
    run_id: str,
    is_break: BreakRule | None = None,
) -> AssetReport:
    """Bring the published table to what the frames of `read` say; figures that are not among them stay as they are.

    The frames are read with the table locked: of two runs at once, the later writer has also read later, so that no figure
    gives way to an older one.
    """
    dataset = DATASETS[name]
    columns = [column for column in dataset.column_names if column not in VERSION_COLUMNS]
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, name)
        frames = [frame.reindex(columns=columns).astype(object) for frame in read(connection)]
        figures = without_unapproved(pd.concat(frames, ignore_index=True), systems)
        changed = publish_figures(connection, dataset, figures, run_id, systems.clock(), is_break)
        table = TABLES[name]
        in_force = connection.execute(
            select(func.count()).select_from(table).where(table.c.superseded_at.is_(None))
        ).scalar_one()
    metadata: dict[str, Metadata] = {"new_versions": changed, "figures_in_force": int(in_force)}
    return AssetReport(per_day=_rows_per_day(figures), preview=_newest_months(figures), metadata=metadata)


def without_unapproved(figures: pd.DataFrame, systems: Systems) -> pd.DataFrame:
    """The figures of services that nobody has to approve, or that somebody has; the others wait where they are built."""
    waiting = [service.slug for service in systems.services if service.approval == "required"]
    is_waiting = figures["service"].isin(set(waiting) - systems.approved)
    return figures[~is_waiting].reset_index(drop=True)


def publish_figures(
    connection: Connection,
    dataset: Dataset,
    figures: pd.DataFrame,
    run_id: str,
    now: datetime,
    is_break: BreakRule | None = None,
) -> int:
    """Write the figures that say something new as new versions, and log each value that changed; how many are new.

    Figures in force whose mark of revision is over, or whose break has moved by the rule, get a version that says so,
    whether or not they are among `figures`. Call it with the dataset locked for writing.
    """
    now = _after_all_versions(connection, dataset, now)
    figures = with_withdrawals(connection, dataset, figures.astype(object))
    held = _in_force(connection, dataset)
    others = outdated(held, now, is_break)
    known = pd.MultiIndex.from_frame(figures[list(dataset.identity)])
    others = others[~pd.MultiIndex.from_frame(others[list(dataset.identity)]).isin(known)]
    columns = [name for name in figures.columns if name not in VERSION_COLUMNS]
    revised = revise(pd.concat([figures, others[columns]], ignore_index=True), held, dataset, now)
    insert_frame(connection, TABLES["revision_log"], revised.log, list(revised.log.columns))
    return merge_versions(connection, versioning_of(dataset), revised.figures.assign(run_id=run_id), now)


def _after_all_versions(connection: Connection, dataset: Dataset, now: datetime) -> datetime:
    """`now`, or just after the newest version: a clock that stands still or goes back must not let two stand at once."""
    table = TABLES[dataset.name]
    newest = connection.execute(select(func.max(func.greatest(table.c.published_at, table.c.superseded_at)))).scalar()
    return now if newest is None or now > newest else newest + timedelta(microseconds=1)


def publish_again(
    connection: Connection, dataset: Dataset, service: str, period_start: date, period: str, now: datetime
) -> bool:
    """Publish a figure as it stands once more, since what was noted about it has changed; whether there is one."""
    lock_for_writing(connection, dataset.name)
    held = _in_force(connection, dataset)
    is_meant = (held[dataset.subject] == service) & (held["period_start"] == period_start) & (held["period"] == period)
    columns = [column for column in dataset.column_names if column not in VERSION_COLUMNS]
    publish_figures(connection, dataset, held[is_meant][columns].reset_index(drop=True), "by hand", now)
    return bool(is_meant.any())


def _in_force(connection: Connection, dataset: Dataset) -> pd.DataFrame:
    """The versions in force, and `was_final`: whether this one or an earlier one had a figure that was not provisional."""
    table = TABLES[dataset.name]
    version = table.alias()
    is_final = and_(
        *(version.c[name] == table.c[name] for name in dataset.identity),
        *(~version.c.markers.contains(f"[{marker.value}]") for marker in (Marker.PROVISIONAL, Marker.NOT_AVAILABLE)),
    )
    statement = select(table, exists().where(is_final).label("was_final")).where(standing(dataset.name, None))
    result = connection.execute(statement)
    return pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)


def _rows_per_day(figures: pd.DataFrame) -> dict[date, dict[str, float]]:
    days = Counter(figures[figures["period"] == "day"]["period_start"])
    return {day: {"dagster/partition_row_count": count} for day, count in days.items()}


def _newest_months(figures: pd.DataFrame) -> pd.DataFrame:
    return figures[figures["period"] == "month"].sort_values("period_start").dropna(axis="columns", how="all")
