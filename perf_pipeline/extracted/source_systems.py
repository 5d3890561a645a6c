"""The systems that we only read, as the first column of the lineage: one external asset a source of the catalogue."""

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
