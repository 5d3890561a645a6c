"""The one partitions definition that every asset of the flow shares: Europe/London days from PERF_FIRST_DAY.

Monthly and release assets have it too: a job can't mix partition schemes, and a backfill started in Dagit would put an
asset without partitions into a second run that does not know the range.
"""

import warnings

import dagster as dg

from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.settings import load_settings

# One run for a range is what makes a backfill of years take seconds; Dagster still calls the parameter beta, once an asset.
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)
# Checks by day are what shows a verdict in each day's row; a test fails when they change.
warnings.filterwarnings("ignore", message=".*partitions_def on an AssetCheckSpec.*", category=dg.PreviewWarning)

REPORTING_DAYS = dg.DailyPartitionsDefinition(start_date=load_settings().first_day.isoformat(), timezone=TIMEZONE)
EVERY_RANGE_IN_ONE_RUN = dg.BackfillPolicy.single_run()
