"""How long a figure may still change, and when it is an estimate. Each number is defined only here.

Here: durations and thresholds that figures, checks and the nightly plan share. Not here: calendar arithmetic
(`reporting_days`), timeouts of sources (`source_bounds`).
"""

from datetime import date

COHORT_DAYS = 90
"""A cohort is final at the end of this London day after its start, day 0 (DOMAIN 2.2). Its type is final then too."""

SIRIUS_REVISION_DAYS = 400
"""How long Sirius may revise a day (DOMAIN 3.3). After that the day is final, even if Sirius never marked it as final."""

TOLERATED_UNKNOWN_PERCENT = 1
"""Take-up is an estimate when the share of applications with an unknown channel is larger than this (DOMAIN 3.3)."""

DOUBLE_SUBMISSION_SECONDS = 300
"""An equal rating and comment within this time after the last counted one is a double submission (DOMAIN 3.1)."""

RATINGS_KEPT_MONTHS = 24
"""The service prunes older ratings (DOMAIN 3.1). A day that is first read later than this is an undercount."""

UNUSED_ACCOUNTS_KEPT_MONTHS = 9
"""The service then deletes unused accounts and their applications (DOMAIN 3.1). A day first read later is an undercount."""

CLOCK_SLACK_HOURS = 24
"""How long before the start a stamp may be. Clocks differ, but by less than a day."""

FIRST_POSSIBLE_DAY = date(2012, 1, 1)
"""GOV.UK opened in this year. No data of its services are older."""

ROWS_KEPT_MONTHS = 24
"""Rows about single people are dropped from the extract after this time, once their days are final (DOMAIN 3.1)."""
