"""The form of the OPG feed (DOMAIN 4.1): its keys, names, dataTypes and timestamps, for those who write or read it.

Belongs here: what an entry may say. Doesn't belong here: which figures we put into the feed (`published.feed`), how a
file is read (`sources.published_history`) and judged (`sources.feed_audit`).
"""

import re
from datetime import date
from typing import Final, Literal, get_args

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.metrics import Indicator

FeedPeriod = Literal["year", "month", "week", "day"]
FEED_PERIODS: Final[tuple[FeedPeriod, ...]] = get_args(FeedPeriod)

KEYS: Final = ("_timestamp", "service", "channel", "count", "dataType", "period")
"""Keys that every entry has, in the order in which we write them."""

OPTIONAL_KEY: Final = "markers"
CHANNEL: Final = "digital"
NAME: Final = re.compile("[a-zA-Z-]+")
"""What the feed's reader takes for a service or a dataType."""

HEADLINE_TYPE: Final = "user-satisfaction-percent"
RATING_TYPES: Final = {column: column.removesuffix("_count").replace("_", "-") for column in RATING_COUNTS}
"""The five counts of ratings, by the column that each is in elsewhere, in the order of the scale."""

TAKE_UP_TYPE: Final[Indicator] = "digital-take-up"
COMPLETION_TYPE: Final[Indicator] = "completion-rate"
UPTIME_TYPE: Final = "uptime-percent"
PERCENT_TYPES: Final = (HEADLINE_TYPE, TAKE_UP_TYPE, COMPLETION_TYPE, UPTIME_TYPE)
DATA_TYPES: Final = (HEADLINE_TYPE, *RATING_TYPES.values(), TAKE_UP_TYPE, COMPLETION_TYPE, UPTIME_TYPE)

LARGEST_COUNT: Final = 2**53 - 1
"""Readers of JSON hold numbers as doubles: larger ones are not exact."""

FIRST_YEAR: Final = 2012
"""The year in which GOV.UK opened: no figure of a service on it is older."""


def timestamp(period_start: date) -> str:
    """The first day of a period, as the feed writes it."""
    return f"{period_start}T00:00:00+00:00"
