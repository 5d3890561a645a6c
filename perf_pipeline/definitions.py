"""The registry that is the flow: the stages in their order, and what runs them. Dagster loads this module.

    sources → extracted → daily_metrics → (quality) → monthly_metrics → published

A folder is a stage is a group of assets in Dagit; an asset is a table of the same name in schema `perf`.
"""

import dagster as dg

from perf_pipeline.daily_metrics.completion_cohort import daily_completion_cohort
from perf_pipeline.daily_metrics.completion_rate import daily_completion_rate
from perf_pipeline.daily_metrics.digital_take_up import daily_digital_take_up
from perf_pipeline.daily_metrics.user_satisfaction import daily_user_satisfaction
from perf_pipeline.extracted.application_states import extracted_application_states
from perf_pipeline.extracted.channel_counts import extracted_channel_counts
from perf_pipeline.extracted.feedback import extracted_feedback
from perf_pipeline.monthly_metrics.completion_rate import monthly_completion_rate
from perf_pipeline.monthly_metrics.digital_take_up import monthly_digital_take_up
from perf_pipeline.monthly_metrics.user_satisfaction import monthly_user_satisfaction
from perf_pipeline.orchestration.jobs import build_and_publish
from perf_pipeline.orchestration.resources import systems_resource
from perf_pipeline.orchestration.schedules import nightly
from perf_pipeline.orchestration.sensors import night_was_missed, run_failed
from perf_pipeline.published.completion_rate import published_completion_rate
from perf_pipeline.published.digital_take_up import published_digital_take_up
from perf_pipeline.published.release_asset import release
from perf_pipeline.published.user_satisfaction import published_user_satisfaction
from perf_pipeline.published.verdict_check import every_day_passed
from perf_pipeline.quality.checks import QUALITY_CHECKS
from perf_pipeline.quality.verdict_assets import daily_verdicts, monthly_verdicts
from perf_pipeline.sources.external_assets import SOURCES

FLOW: list[dg.AssetsDefinition | dg.AssetSpec] = [
    *SOURCES,
    # extracted: our own frozen copy
    extracted_feedback,
    extracted_application_states,
    extracted_channel_counts,
    # daily_metrics: one row per service and day
    daily_user_satisfaction,
    daily_completion_rate,
    daily_completion_cohort,
    daily_digital_take_up,
    # quality: a verdict on every day
    daily_verdicts,
    # monthly_metrics: summed again from the counts of good days
    monthly_user_satisfaction,
    monthly_completion_rate,
    monthly_digital_take_up,
    monthly_verdicts,
    # published: every version of every figure, then the files
    published_user_satisfaction,
    published_completion_rate,
    published_digital_take_up,
    release,
]

defs = dg.Definitions(
    assets=FLOW,
    asset_checks=[*QUALITY_CHECKS, every_day_passed],
    jobs=[build_and_publish],
    schedules=[nightly],
    sensors=[run_failed, night_was_missed],
    resources={"systems": systems_resource},
    # One process a run: the steps are short, and a process for each would take longer than their work.
    executor=dg.in_process_executor,
)
