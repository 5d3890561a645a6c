"""The asset `release`: the files that readers download."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import dagster as dg
import pandas as pd
from sqlalchemy import text

from perf_pipeline.catalogue.datasets import Stage
from perf_pipeline.catalogue.demonstration import NOTICE, NOTICE_KEY
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.errors import PublishingError
from perf_pipeline.flow.failures import classify_failures
from perf_pipeline.flow.flow_asset import EVERY_MORNING, OWNERS, AssetReport, Metadata, code_of, report
from perf_pipeline.flow.partitions import EVERY_RANGE_IN_ONE_RUN
from perf_pipeline.flow.tables import as_table
from perf_pipeline.published.demonstration import demonstrated
from perf_pipeline.published.feed import write_feeds
from perf_pipeline.published.files import WrittenFile, write_dataset_files, write_revision_log
from perf_pipeline.published.release import Release, building_folder, current_manifest, publish_release
from perf_pipeline.published.removed_services import write_files_of_removed
from perf_pipeline.published.summary import HEADINGS, published_months
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected, transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql

DESCRIPTION = """Every published figure in force, as files: CSV and JSON by service and indicator, the log of revisions, the
monthly OPG feed, and a manifest with the sha256 and number of rows of each file. A release appears whole or not at all."""

_SQL = Path(__file__).parent / "sql"
_MONTHS_SHOWN = 3
"""The newest months of each service whose figures are shown."""


def make_release(systems: Systems, name: str) -> Release:
    """Write all files from one snapshot of the published tables and make them the current release."""
    with transaction(systems.warehouse) as lock:
        lock_for_writing(lock, "release")
        building = building_folder(systems.publish_dir, name)
        try:
            written = _write_files(systems, building)
            return publish_release(systems.publish_dir, building, written, systems.clock())
        except OSError as error:
            raise PublishingError(
                f"The release could not be written to {systems.publish_dir}: {error.strerror or error}.",
                next_step="check that the disk has space and nobody else writes there, then run the same command again.",
            ) from None
        finally:
            # After a success the folder has been renamed.
            shutil.rmtree(building, ignore_errors=True)


def _write_files(systems: Systems, building: Path) -> list[WrittenFile]:
    written: list[WrittenFile] = []
    with connected(systems.warehouse) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        stand_ins = demonstrated(connection)
        for service in systems.services:
            marked = frozenset(indicator for slug, indicator in stand_ins if slug == service.slug)
            for indicator in service.indicators:
                is_marked = indicator in marked
                written += write_dataset_files(
                    connection, building, service.slug, indicator, is_demonstration=is_marked
                )
            indicators = list(service.indicators)
            written += write_revision_log(connection, building, service.slug, indicators, is_demonstration=bool(marked))
            written += write_feeds(connection, building, service, marked)
        written += write_files_of_removed(connection, building, systems.services, systems.publish_dir, stand_ins)
    return written


def release_asset(
    partitions: dg.DailyPartitionsDefinition, versions: Mapping[Stage, str] | None = None
) -> dg.AssetsDefinition:
    """The asset that makes a release of everything published. `versions` has the code version of each stage."""

    @dg.asset(
        deps=[indicator.published_dataset for indicator in INDICATORS.values()],
        group_name=Stage.PUBLISHED.value,
        description=DESCRIPTION,
        owners=OWNERS,
        kinds={"csv", "json"},
        metadata={"dagster/code_references": code_of(make_release, "release")},
        code_version=(versions or {}).get(Stage.PUBLISHED),
        freshness_policy=EVERY_MORNING,
        partitions_def=partitions,
        backfill_policy=EVERY_RANGE_IN_ONE_RUN,
    )
    def release(context: dg.AssetExecutionContext, systems: dg.ResourceParam[Systems]) -> dg.MaterializeResult[None]:
        systems.progress("release")
        with classify_failures():
            made = make_release(systems, context.run.run_id)
            with transaction(systems.warehouse) as connection:
                run_sql(connection, _SQL / "note_released.sql", now=systems.clock(), run_id=context.run.run_id)
            return report(context, AssetReport(metadata=_shown(systems, made)))

    return release


def _shown(systems: Systems, made: Release) -> dict[str, Metadata]:
    """The release, its files and the newest headline figures."""
    manifest = current_manifest(systems.publish_dir) or {}
    listed = cast("list[dict[str, object]]", manifest.get("files", []))
    files = pd.DataFrame(listed, columns=["path", "rows", "sha256"], dtype=object)
    is_feed = files["path"].str.startswith("feeds/").astype(bool)
    figures = pd.DataFrame(published_months(systems.warehouse, systems.services), columns=list(HEADINGS))
    shown: dict[str, Metadata] = {
        "headline_figures": as_table(figures.groupby("service", sort=False).tail(_MONTHS_SHOWN)),
        "release": made.id,
        "is_new": made.is_new,
        "folder": dg.MetadataValue.path(str(made.folder)),
        "files": as_table(files[~is_feed]),
        "feeds": int(is_feed.sum()),
    }
    return {NOTICE_KEY: NOTICE, **shown} if made.is_demonstration else shown
