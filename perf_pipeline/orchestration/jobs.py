"""The job that builds and publishes days; a run takes one range of them."""

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from perf_pipeline.catalogue.reporting_days import DayRange

build_and_publish = dg.define_asset_job(
    "build_and_publish",
    selection=dg.AssetSelection.all(),
    description="Extract, measure, check and publish a range of days.",
)


def range_tags(days: DayRange) -> dict[str, str]:
    """The tags by which a run knows its range."""
    return {
        ASSET_PARTITION_RANGE_START_TAG: days.first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: days.last.isoformat(),
    }
