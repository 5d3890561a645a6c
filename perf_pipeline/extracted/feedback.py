"""The asset extracted_feedback: every source of ratings of every service."""

from collections.abc import Callable
from functools import partial

import dagster as dg

from perf_pipeline.catalogue.metrics import METRICS, FeedbackSource
from perf_pipeline.catalogue.services import Service
from perf_pipeline.extracted.attempting import attempt_reading, note_unset
from perf_pipeline.extracted.deliveries import Attempt
from perf_pipeline.extracted.done_page_feedback import extract_done_page_feedback
from perf_pipeline.extracted.in_service_feedback import extract_in_service_feedback
from perf_pipeline.extracted.reporting import report_deliveries
from perf_pipeline.extracted.retention import with_retention
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.systems import Systems


@flow_asset(deps=["make_an_lpa_feedback_table", "feedback_explorer_exports"])
def extracted_feedback(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """A source that can't be read holds back neither the other sources nor their figures."""
    days = day_range(context)
    for service in systems.services.publishing("user-satisfaction"):
        for source in service.feedback_sources:
            attempt = Attempt(service.slug, source, days, systems.clock(), context.run.run_id)
            if (read := reader_of(systems, service, source)) is None:
                note_unset(systems.warehouse, attempt)
            else:
                attempt_reading(systems.warehouse, attempt, read)
    written = report_deliveries(systems.warehouse, METRICS["user-satisfaction"].sources, days)
    return with_retention(written, systems, "in-service")


def reader_of(systems: Systems, service: Service, source: FeedbackSource) -> Callable[[Attempt], None] | None:
    """How to read one source of ratings of a service; None where its address is not set."""
    if source == "done-page" and service.sources.done_page and systems.exports_dir:
        slug = service.sources.done_page.slug
        return partial(extract_done_page_feedback, systems.warehouse, systems.exports_dir, slug)
    if source == "in-service" and service.sources.in_service:
        url = systems.service_database_urls[service.sources.in_service.database]
        return partial(extract_in_service_feedback, systems.warehouse, url) if url else None
    return None
