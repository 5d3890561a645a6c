"""The difficulties of the real Make an LPA database that the stand-in reproduces (DOMAIN 3.1). Each is called a trap.

Here: which rows of every day carry a trap. Not here: how the stand-in is filled (`lpa_database`). The rows of a London day
are numbered from 0. The first few are planted traps, so that a database of any size holds every trap. Random draws add
more traps of most kinds to the other rows.
"""

from datetime import date
from typing import Final

UNUSED_DAYS: Final = 275
"""An application of an unused account is deleted this many days after its start: nine months."""

EPOCH: Final = date(2010, 1, 1)
"""The day with number 0. Ids and events that happen every few days use the day number."""

NUMBERING: Final = {
    "places_a_day": 10_000,
    "id_step": 38_196_601_127,
    "id_space": 100_000_000_000,
}
"""The id of an application is computed from its day and place. Step and space share no factor, so all ids differ."""

PLACES: Final[dict[str, int]] = {
    "after_midnight": 0,
    "before_midnight": 1,
    "equal_first": 2,  # three applications whose three stamps are equal
    "equal_last": 4,
    "created_before_start": 5,
    "completed_before_created": 6,
    "without_start": 7,
    "without_document": 8,
    "without_type": 9,
    "restamped": 10,  # created and completed, edited (both null again), stamped a day later
    "type_switched": 11,  # the same, and its type is another one afterwards
    "blanked_next_day": 12,  # after a night has seen it
    "blanked_at_once": 13,  # ten minutes after its start, so no night sees it
    "unused_blanked": 14,
    "unused_vanished": 15,
    "late_type": 16,  # no type until it is created, five days later
    "planted": 17,
}
"""Place of each planted application within its day of start. `planted` is their number."""

FEEDBACK_PLACES: Final[dict[str, int]] = {
    "after_midnight": 0,
    "bad_rating": 1,  # on 4 days in 7: with a script, misspelt, missing, or an empty message
    "repeat_first": 2,  # every third day four times the same, 200 s apart; the next day twice without a comment
    "repeat_last": 5,
    "escaped": 6,  # invented personal data, escaped twice, with a script
    "planted": 7,
}
"""Place of each planted feedback row within its day. `planted` is their number."""
