"""External assets for the sources: the start of the lineage in Dagit, one for each source of the catalogue."""

import dagster as dg

from perf_pipeline.catalogue.sources import SOURCES

SOURCE_ASSETS = [
    dg.AssetSpec(
        source.asset,
        group_name="sources",
        description=f"{source.description}\n\nExpected: {source.cadence.meaning}.",
        kinds={source.kind},
        owners=[source.owner],
    )
    for source in SOURCES.values()
]
