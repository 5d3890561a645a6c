"""Performance figures of public digital services: extracted, checked, published every night."""

import os

# Without these two, writing one event per day and asset takes most of a long backfill. Dagster reads them when a run
# starts, and this import is the one thing that every process which loads the pipeline has in common.
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
os.environ.setdefault("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "1")
