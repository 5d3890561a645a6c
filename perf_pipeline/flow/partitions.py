"""The one partitions definition that every asset of the flow shares: Europe/London days from the first reporting day.

Monthly and release assets have it too: a job can't mix partition schemes, and a backfill started in Dagit would put an
asset without partitions into a second run that does not know the range.
"""

import warnings
from datetime import date

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE, DayRange

# One run for a range is what makes a backfill of years take seconds; Dagster still calls the parameter beta, once an asset.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)
# Checks by day show a verdict in each day's row; a test fails when they change.
warnings.filterwarnings("ignore", message=".*partitions_def on an AssetCheckSpec.*", category=dg.PreviewWarning)

EVERY_RANGE_IN_ONE_RUN = dg.BackfillPolicy.single_run()


def reporting_days(first_day: date) -> dg.DailyPartitionsDefinition:
    """The partitions: one a reporting day."""
    return dg.DailyPartitionsDefinition(start_date=first_day.isoformat(), timezone=TIMEZONE)


def day_range(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> DayRange:
    """The days that the run is about."""
    run = context.op_execution_context if isinstance(context, dg.AssetCheckExecutionContext) else context
    keys = run.partition_key_range
    return DayRange(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
