"""How long a figure may still change, and what is tolerated before it is an estimate. Each number stands here alone.

Here: spans of time and thresholds that figures, checks and the nightly plan share. Not here: calendar arithmetic
(`reporting_days`), patience with a system that does not answer (beside its reader).
"""

from datetime import date

COHORT_DAYS = 90
"""A cohort is followed to the end of this London day after its start, day 0 (DOMAIN 2.2); its type settles then too."""

SIRIUS_REVISION_DAYS = 400
"""How long Sirius may revise a day (DOMAIN 3.3); then it is final even if Sirius never said so."""

TOLERATED_UNKNOWN_PERCENT = 1
"""With a larger share of applications of unknown channel, take-up is an estimate (DOMAIN 3.3)."""

DOUBLE_SUBMISSION_SECONDS = 300
"""An equal rating with a comment that comes no later than this after the last one that counted is a repeat (DOMAIN 3.1)."""

RATINGS_KEPT_MONTHS = 24
"""The service prunes older ratings (DOMAIN 3.1): a day first read later than this is an undercount."""

UNUSED_ACCOUNTS_KEPT_MONTHS = 9
"""The service then deletes accounts with their applications (DOMAIN 3.1): a day first read later is an undercount."""

CLOCK_SLACK_HOURS = 24
"""How much earlier than its start a state may be stamped; clocks differ, and a day is more than any of them is wrong."""

FIRST_POSSIBLE_DAY = date(2012, 1, 1)
"""GOV.UK opened in this year: nothing of a service on it is older."""

ROWS_KEPT_MONTHS = 24
"""Rows about single people are dropped from the extract after this, once their days are final (DOMAIN 3.1)."""
