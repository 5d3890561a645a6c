"""The registry that is the flow: the stages in their order, and what runs them. Dagster loads this module.

    sources → extracted → daily_metrics → (quality) → monthly_metrics → published

A folder is a stage is a group of assets in Dagit; an asset is a table of the same name in schema `perf`.
"""

import dagster as dg

from perf_pipeline.catalogue.services import load_services
from perf_pipeline.daily_metrics.application_events import daily_application_events
from perf_pipeline.daily_metrics.completion_rate import daily_completion_rate
from perf_pipeline.daily_metrics.digital_take_up import daily_digital_take_up
from perf_pipeline.daily_metrics.user_satisfaction import daily_user_satisfaction
from perf_pipeline.extracted.assets import EXTRACTED
from perf_pipeline.extracted.source_systems import source_assets
from perf_pipeline.flow.code_version import versions_of_stages
from perf_pipeline.flow.flow_asset import FlowAsset
from perf_pipeline.flow.partitions import reporting_days
from perf_pipeline.monthly_metrics.completion_rate import monthly_completion_rate
from perf_pipeline.monthly_metrics.digital_take_up import monthly_digital_take_up
from perf_pipeline.monthly_metrics.user_satisfaction import monthly_user_satisfaction
from perf_pipeline.orchestration.jobs import JOBS
from perf_pipeline.orchestration.launching import changed_days_are_built, new_exports_are_read
from perf_pipeline.orchestration.resources import systems_resource
from perf_pipeline.orchestration.schedules import nightly
from perf_pipeline.orchestration.sensors import night_was_missed, run_failed
from perf_pipeline.published.completion_rate import COMPLETION_RATE
from perf_pipeline.published.digital_take_up import DIGITAL_TAKE_UP
from perf_pipeline.published.release_asset import release_asset
from perf_pipeline.published.user_satisfaction import USER_SATISFACTION
from perf_pipeline.published.verdict_check import every_day_passed
from perf_pipeline.quality.checks import quality_checks
from perf_pipeline.quality.source_verdicts import every_source_delivered, source_verdicts
from perf_pipeline.quality.verdict_assets import daily_verdicts, monthly_verdicts
from perf_pipeline.settings import Settings, load_settings

PUBLISHED = (USER_SATISFACTION, COMPLETION_RATE, DIGITAL_TAKE_UP)

FLOW: list[FlowAsset] = [
    # extracted: our own frozen copy, and whether every source delivered
    *EXTRACTED,
    source_verdicts,
    # daily_metrics: one row per service and day
    daily_user_satisfaction,
    daily_application_events,
    daily_completion_rate,
    daily_digital_take_up,
    # quality: a verdict on every day
    daily_verdicts,
    # monthly_metrics: summed again from the counts of good days
    monthly_user_satisfaction,
    monthly_completion_rate,
    monthly_digital_take_up,
    monthly_verdicts,
    # published: every version of every figure
    *(series.asset() for series in PUBLISHED),
]


def definitions(settings: Settings) -> dg.Definitions:
    """The whole flow, with one partition for each reporting day of the settings."""
    partitions, services = reporting_days(settings.first_day), load_services(settings.services_file)
    versions = versions_of_stages(services)
    return dg.Definitions(
        assets=[
            *source_assets(settings.addresses(services), is_embedded=settings.is_embedded),
            *(asset.declare(partitions, versions) for asset in FLOW),
            release_asset(partitions, versions),
        ],
        asset_checks=[*quality_checks(partitions), every_source_delivered(partitions), every_day_passed()],
        jobs=JOBS,
        schedules=[nightly],
        sensors=[changed_days_are_built, new_exports_are_read, run_failed, night_was_missed],
        resources={"systems": systems_resource},
        # One process a run: the steps are short, and a process for each would take longer than their work.
        executor=dg.in_process_executor,
    )


defs = definitions(load_settings())
