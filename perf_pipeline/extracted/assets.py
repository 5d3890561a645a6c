"""The extracted assets. Each reads every source that is merged into its table, for every service with that source.

A source that can't be read stops neither the other sources nor their figures. Its failure is recorded, and the check
`every_source_delivered` fails the run at its end.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.services import Service
from perf_pipeline.catalogue.sources import SOURCES, Source, sources_into
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.extracted.reporting import report_extraction
from perf_pipeline.extracted.retention import drop_old_rows
from perf_pipeline.flow.dagster_private import HIDDEN_TAG_PREFIX
from perf_pipeline.flow.flow_asset import AssetReport, FlowAsset
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.systems import Systems

READS_WHAT_IS_DUE = f"{HIDDEN_TAG_PREFIX}perf_pipeline.reads_what_is_due"
"""Tag of a run that reads the newest days and the owed days of each source, whatever the run's own days are."""


def extracted_asset(dataset: str) -> FlowAsset:
    """The asset that reads every source of an extracted table."""
    sources = sources_into(dataset)

    def extract(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
        days = None if READS_WHAT_IS_DUE in context.run.tags else day_range(context)
        changed: set[date] = set()
        for service, source in _asked(systems, sources):
            changed |= read_source(systems, service, source, days, context.run.run_id)
        dropped = {
            (service.slug, source.name): drop_old_rows(systems, source, service.slug, systems.clock())
            for service, source in _asked(systems, sources)
            if source.rows_kept_months is not None
        }
        return report_extraction(systems, sources, day_range(context), changed, dropped, context.run.run_id)

    extract.__doc__ = "\n".join(
        f"- [{source.name}](/assets/{source.asset}): {source.description}" for source in sources
    )
    # An API may take minutes to answer. It is read last, so that builds of the other sources do not wait for it.
    priority = -1 if any(source.kind == "api" for source in sources) else 0
    return FlowAsset(dataset, DATASETS[dataset], tuple(source.asset for source in sources), extract, priority)


EXTRACTED = [extracted_asset(dataset) for dataset in dict.fromkeys(source.extract for source in SOURCES.values())]


def _asked(systems: Systems, sources: tuple[Source, ...]) -> Iterator[tuple[Service, Source]]:
    for service, name in systems.services.pairs:
        if SOURCES[name] in sources:
            yield service, SOURCES[name]
