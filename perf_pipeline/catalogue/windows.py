"""How long a figure may still change, and what is tolerated before it is an estimate. Each number stands here alone.

Here: spans of time and thresholds that figures, checks and the nightly plan share. Not here: calendar arithmetic
(`reporting_days`), patience with a system that does not answer (beside its reader).
"""

from datetime import timedelta

from perf_pipeline.catalogue.reporting_days import DayRange

COHORT_DAYS = 90
"""A cohort is followed to the end of this London day after its start, day 0 (DOMAIN 2.2); its type settles then too."""

SIRIUS_REVISION_DAYS = 400
"""How long Sirius may revise a day (DOMAIN 3.3); then it is final even if Sirius never said so."""

COMPARED_DAYS = {
    "in-service": 7,
    # Ten nights more than a type of LPA takes to settle, so that an outage of a week loses none.
    "applications": COHORT_DAYS + 10,
    "sirius": SIRIUS_REVISION_DAYS,
}
"""How many of the newest days each source is compared with its extract, every night. The exports of the done page are
compared whenever a file is new or changed, whatever days it holds."""

TOLERATED_UNKNOWN_PERCENT = 1
"""With a larger share of applications of unknown channel, take-up is an estimate (DOMAIN 3.3)."""

DOUBLE_SUBMISSION_SECONDS = 300
"""An equal rating with a comment that comes no later than this after the last one that counted is a repeat (DOMAIN 3.1)."""

RATINGS_KEPT_MONTHS = 24
"""The service prunes older ratings (DOMAIN 3.1): a day first read later than this is an undercount."""

UNUSED_ACCOUNTS_KEPT_MONTHS = 9
"""The service then deletes accounts with their applications (DOMAIN 3.1): a day first read later is an undercount."""

ROWS_KEPT_MONTHS = 24
"""Rows about single people are dropped from the extract after this, once their days are final (DOMAIN 3.1)."""


def cohorts_touched(days: DayRange) -> DayRange:
    """The start days whose cohort can have grown by what happened on `days`."""
    return DayRange(days.first - timedelta(days=COHORT_DAYS), days.last)
