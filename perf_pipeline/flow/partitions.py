"""The partitions definition that every asset of the flow shares: Europe/London days from the first reporting day.

Monthly assets and the release share it too. A job can't mix partition schemes, and a backfill from Dagit would put an
asset without partitions into a second run without the range.
"""

import warnings
from datetime import date

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange

# One run for a range lets a backfill of years take seconds. Dagster warns for each asset that the parameter is beta.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)
# Checks with partitions show a verdict for each day. They are a preview feature, and a test fails when they change.
warnings.filterwarnings("ignore", message=".*partitions_def on an AssetCheckSpec.*", category=dg.PreviewWarning)
# Links to the code of an asset are a beta feature. A test opens them.
warnings.filterwarnings("ignore", message=".*CodeReference.*", category=dg.BetaWarning)

EVERY_RANGE_IN_ONE_RUN = dg.BackfillPolicy.single_run()


def reporting_days(first_day: date) -> dg.DailyPartitionsDefinition:
    """The partitions definition: one partition per reporting day."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone=TIMEZONE)


def day_range(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> DayRange:
    """The days of the run."""
    run = context.op_execution_context if isinstance(context, dg.AssetCheckExecutionContext) else context
    keys = run.partition_key_range
    return DayRange(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
