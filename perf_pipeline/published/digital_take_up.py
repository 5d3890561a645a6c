"""The published digital take-up figures."""

from perf_pipeline.catalogue.disclosure import TAKE_UP
from perf_pipeline.published.series import PublishedSeries

DIGITAL_TAKE_UP = PublishedSeries(
    "digital-take-up",
    daily=("daily_digital_take_up",),
    monthly="monthly_digital_take_up",
    note="The counts of every channel are included, so that readers can compute other shares.",
    breakdown=TAKE_UP,
)
