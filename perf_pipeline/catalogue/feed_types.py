"""The format of the OPG feed (DOMAIN 4.1): keys, dataTypes and timestamps, shared by its writer and its reader.

Here: what an entry may contain. Not here: which figures the feed has (`published.feed`), how a file is read, audited
and imported (`opg_feed`).
"""

from datetime import date
from typing import Final

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.indicators import IndicatorName

KEYS: Final = ("_timestamp", "service", "channel", "count", "dataType", "period")
"""The keys of every entry, in the order in which we write them."""

OPTIONAL_KEY: Final = "markers"
CHANNEL: Final = "digital"

HEADLINE_TYPE: Final = "user-satisfaction-percent"
RATING_TYPES: Final = {column: column.removesuffix("_count").replace("_", "-") for column in RATING_COUNTS}
"""The dataType of each rating count, by the name of its column, in the order of the scale."""

TAKE_UP_TYPE: Final[IndicatorName] = "digital-take-up"
COMPLETION_TYPE: Final[IndicatorName] = "completion-rate"
UPTIME_TYPE: Final = "uptime-percent"
FRACTION_TYPES: Final = (TAKE_UP_TYPE, COMPLETION_TYPE, UPTIME_TYPE)
"""Percentages that may have decimals. All other counts are whole numbers."""
PERCENT_TYPES: Final = (HEADLINE_TYPE, *FRACTION_TYPES)
DATA_TYPES: Final = (HEADLINE_TYPE, *RATING_TYPES.values(), *FRACTION_TYPES)

LARGEST_COUNT: Final = 2**53 - 1
"""JSON readers hold numbers as doubles. Larger ones are not exact."""

FIRST_DAY: Final = date(2012, 1, 1)
"""GOV.UK opened in 2012. No service on it has older figures."""


def timestamp(period_start: date) -> str:
    """The first day of a period in the feed's format."""
    return f"{period_start}T00:00:00+00:00"
