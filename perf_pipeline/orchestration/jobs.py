"""The job that builds and publishes days; a run takes one range of them."""

from collections.abc import Mapping

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
)

from perf_pipeline.catalogue.reporting_days import DayRange

build_and_publish = dg.define_asset_job(
    "build_and_publish",
    selection=dg.AssetSelection.all(),
    description="Extract, measure, check and publish a range of days.",
)


ASKED_TOGETHER = "perf_pipeline/asked_together"
"""Tag of the runs of one command or night: what goes wrong in several of them is told once."""


def range_tags(days: DayRange, asked: str = "") -> dict[str, str]:
    """The tags by which a run knows its range, and what it was asked for together with."""
    return ({ASKED_TOGETHER: asked} if asked else {}) | {
        ASSET_PARTITION_RANGE_START_TAG: days.first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: days.last.isoformat(),
    }


def asked_together(tags: Mapping[str, str], run_id: str) -> str:
    """What the runs of one command, night or backfill share; a run started by itself has its id."""
    return tags.get(ASKED_TOGETHER) or tags.get(BACKFILL_ID_TAG) or run_id
