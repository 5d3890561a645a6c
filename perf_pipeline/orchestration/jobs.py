"""The two jobs: `extract` reads the sources, `build` makes and publishes figures. A run takes one range of days."""

from collections.abc import Mapping
from datetime import date

import dagster as dg

from perf_pipeline.catalogue.datasets import Stage
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.assets import READS_WHAT_IS_DUE
from perf_pipeline.flow.dagster_private import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    BACKFILL_ID_TAG,
    HIDDEN_TAG_PREFIX,
    USER_TAG,
)

_EXTRACTS = dg.AssetSelection.assets(*dict.fromkeys(source.extract for source in SOURCES.values()))
_SOURCE_VERDICTS = dg.AssetSelection.assets("source_verdicts")
_EXTRACTING = _EXTRACTS | _SOURCE_VERDICTS
_CHECKS_OF_EXTRACTS = dg.AssetSelection.checks_for_assets(*dict.fromkeys(source.extract for source in SOURCES.values()))
"""They show the verdicts of a build, so a build runs them: after an extraction nothing has checked what is new."""
_AT_WORK = "perf_pipeline/at_work"
"""Tag of a run that says what it does: dagster.yaml lets one run read the sources and one build at the same time."""
_PUBLISHING = dg.AssetSelection.assets(*(indicator.published_dataset for indicator in INDICATORS.values()), "release")

extract = dg.define_asset_job(
    "extract",
    selection=_EXTRACTING - _CHECKS_OF_EXTRACTS,
    run_tags={_AT_WORK: "reading"},
    description="Read every source over its newest days and the days it owes, and record which days changed.",
)
build = dg.define_asset_job(
    "build",
    selection=dg.AssetSelection.all() - _EXTRACTING - dg.AssetSelection.groups("sources") | _CHECKS_OF_EXTRACTS,
    run_tags={_AT_WORK: "building"},
    description="Build, check and publish a range of days from what is extracted.",
)
build_without_publishing = dg.define_asset_job(
    "build_without_publishing",
    selection=dg.AssetSelection.groups(*(stage.value for stage in Stage if stage is not Stage.EXTRACTED))
    - _SOURCE_VERDICTS
    - _PUBLISHING
    | _CHECKS_OF_EXTRACTS,
    run_tags={_AT_WORK: "building"},
    description="Build and check a range of days; the next run of `build` publishes it with its own days.",
)
JOBS = [extract, build, build_without_publishing]

ASKED_TOGETHER = f"{HIDDEN_TAG_PREFIX}perf_pipeline.asked_together"
"""Tag of the runs of one command or night: a cause that shows in several of them is reported once. Dagit hides it."""
NIGHT = "perf_pipeline/night"
"""Tag of the runs of a night: its last reporting day."""
DAYS, WHY = "days", "why"
"""Tags for people: the days of a run, and why it was asked for."""
WHAT_IS_DUE = "the newest days of every source, and the days that it owes"


def range_tags(days: DayRange, asked: str = "", why: str = "") -> dict[str, str]:
    """The tags by which a run knows its range, why it was asked for, and what it was asked for together with."""
    return ({ASKED_TOGETHER: asked} if asked else {}) | {
        DAYS: str(days),
        **({WHY: why} if why else {}),
        ASSET_PARTITION_RANGE_START_TAG: days.first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: days.last.isoformat(),
    }


def due_tags(days: DayRange, asked: str = "", why: str = WHAT_IS_DUE) -> dict[str, str]:
    """The tags of an extraction that reads what is due of every source; the run itself is shown on the last day."""
    return range_tags(DayRange(days.last, days.last), asked, why) | {
        DAYS: f"what is due up to {days.last}",
        READS_WHAT_IS_DUE: "true",
    }


def asked_by(command: str) -> dict[str, str]:
    """The tag of a run of a command: Dagit shows it as the one who launched the run."""
    return {USER_TAG: f"perf-pipeline {command}"}


def night_tags(night: date) -> dict[str, str]:
    """The tags that all runs of a night share; `night` is its last reporting day."""
    return {ASKED_TOGETHER: f"night {night}", NIGHT: night.isoformat()}


def night_of(tags: Mapping[str, str]) -> date | None:
    """The night that a run belongs to; None where it was asked for by a person."""
    return date.fromisoformat(tags[NIGHT]) if NIGHT in tags else None


def asked_together(tags: Mapping[str, str], run_id: str) -> str:
    """What the runs of one command, night or backfill share; a run started by itself has its id."""
    return tags.get(ASKED_TOGETHER) or tags.get(BACKFILL_ID_TAG) or run_id
