"""Writes published figures. A changed figure gets a new version, and the earlier version stays."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, and_, exists, func, select

from perf_pipeline.catalogue.datasets import DATASETS, VERSION_COLUMNS, Dataset
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.flow.figures_shown import newest_rows, shown_by_day
from perf_pipeline.flow.flow_asset import AssetReport
from perf_pipeline.published.as_of import is_in_force
from perf_pipeline.published.figures import BreakRule, read_frame
from perf_pipeline.published.files import file_columns
from perf_pipeline.published.revising import outdated, revise
from perf_pipeline.published.withdrawing import with_withdrawals
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import insert_frame, lock_for_writing
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.versions import Versioning, merge_versions


def versioning_of(dataset: Dataset) -> Versioning:
    """The versioning of published figures: a new version whenever a cell that readers see differs."""
    compared = tuple(name for name in dataset.column_names if name not in (*dataset.identity, *VERSION_COLUMNS))
    return Versioning(dataset.name, dataset.identity, compared, created_columns=("published_at",))


def publish(
    systems: Systems,
    name: str,
    read: Callable[[Connection], list[pd.DataFrame]],
    run_id: str,
    is_break: BreakRule | None = None,
) -> AssetReport:
    """Update the published table to the frames that `read` returns. Other figures stay as they are.

    The frames are read while the table is locked. So of two concurrent runs, the one that writes later has also read
    later, and no figure is replaced by an older one.
    """
    dataset = DATASETS[name]
    columns = file_columns(dataset, "month")
    with transaction(systems.warehouse) as connection:
        lock_for_writing(connection, name)
        frames = [frame.reindex(columns=columns).astype(object) for frame in read(connection)]
        figures = without_unapproved(pd.concat(frames, ignore_index=True), systems)
        changed = publish_figures(connection, dataset, figures, run_id, systems.clock(), is_break)
        counting = select(func.count()).select_from(TABLES[name]).where(is_in_force(name, None))
        in_force = connection.execute(counting).scalar_one()
        is_shown = (is_in_force(name, None), TABLES[name].c.period == "month")
        newest = newest_rows(connection, dataset, systems.services, *is_shown)
    daily = figures[figures["period"] == "day"]
    shown = shown_by_day(dataset, daily, systems.services, set(daily[dataset.day_column]))
    return AssetReport(shown, {"new_versions": changed, "figures_in_force": int(in_force), **newest})


def without_unapproved(figures: pd.DataFrame, systems: Systems) -> pd.DataFrame:
    """The figures of services that need no approval or have it. The other figures stay unpublished."""
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
    reason: str | None = None,
) -> int:
    """Write changed figures as new versions and log each changed value. Returns the number of new versions.

    Figures in force whose revision marker has expired, or whose break marker is no longer right, get a new version with
    the right markers, even if they are not in `figures`. A person who changes figures gives the reason. Call it with the
    dataset locked for writing.
    """
    now = _after_all_versions(connection, dataset, now)
    figures = with_withdrawals(connection, dataset, figures.astype(object))
    if reason:
        figures["revision_reason"] = figures["revision_reason"].fillna(reason)
    held = _in_force(connection, dataset)
    others = outdated(held, now, is_break)
    known = pd.MultiIndex.from_frame(figures[list(dataset.identity)])
    others = others[~pd.MultiIndex.from_frame(others[list(dataset.identity)]).isin(known)]
    columns = [name for name in figures.columns if name not in VERSION_COLUMNS]
    revised = revise(pd.concat([figures, others[columns]], ignore_index=True), held, dataset, now)
    insert_frame(connection, TABLES["revision_log"], revised.log, list(revised.log.columns))
    return merge_versions(connection, versioning_of(dataset), revised.figures.assign(run_id=run_id), now)


def _after_all_versions(connection: Connection, dataset: Dataset, now: datetime) -> datetime:
    """`now`, or just after the newest version. So two versions are never in force at once, even if the clock goes back."""
    table = TABLES[dataset.name]
    newest = connection.execute(select(func.max(func.greatest(table.c.published_at, table.c.superseded_at)))).scalar()
    return now if newest is None or now > newest else newest + timedelta(microseconds=1)


def publish_again(
    connection: Connection, dataset: Dataset, service: str, period_start: date, period: str, now: datetime
) -> bool:
    """Publish a figure once more after it was withdrawn. Returns whether there is such a figure."""
    lock_for_writing(connection, dataset.name)
    held = _in_force(connection, dataset)
    is_selected = (
        (held[dataset.subject] == service) & (held["period_start"] == period_start) & (held["period"] == period)
    )
    figures = held.loc[is_selected, file_columns(dataset, "month")].reset_index(drop=True)
    publish_figures(connection, dataset, figures, "by hand", now)
    return bool(is_selected.any())


def _in_force(connection: Connection, dataset: Dataset) -> pd.DataFrame:
    """The versions in force, with `was_final`: whether this or an earlier version was available and not provisional."""
    table = TABLES[dataset.name]
    version = table.alias()
    is_final = and_(
        *(version.c[name] == table.c[name] for name in dataset.identity),
        *(~version.c.markers.contains(f"[{marker.value}]") for marker in (Marker.PROVISIONAL, Marker.NOT_AVAILABLE)),
    )
    statement = select(table, exists().where(is_final).label("was_final")).where(is_in_force(dataset.name, None))
    return read_frame(connection, statement)
