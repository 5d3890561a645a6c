"""The difficulties of the real Make an LPA database that the stand-in reproduces (DOMAIN 3.1). Each is called a trap.

Here: which rows of every day carry a trap, and functions that make one trap in a test's own database. Not here: how
the stand-in is filled (`lpa_database`). The rows of a London day are numbered from 0. The first few are planted traps,
so that a database of any size holds every trap. Random draws add more traps of most kinds to the other rows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver spells its class in lower case

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
    "equal_first": 2,
    "equal_last": 4,
    "created_before_start": 5,
    "completed_before_created": 6,
    "without_start": 7,
    "without_document": 8,
    "without_type": 9,
    "restamped": 10,
    "type_switched": 11,
    "blanked_next_day": 12,
    "blanked_at_once": 13,
    "unused_blanked": 14,
    "unused_vanished": 15,
    "late_type": 16,
    "planted": 17,
}
"""Place of each planted application within its day of start. `planted` is their number."""

FEEDBACK_PLACES: Final[dict[str, int]] = {
    "after_midnight": 0,
    "bad_rating": 1,
    "repeat_first": 2,
    "repeat_last": 5,
    "escaped": 6,
    "planted": 7,
}
"""Place of each planted feedback row within its day. `planted` is their number."""


@dataclass(frozen=True, slots=True)
class Trap:
    """One trap: its number in DOMAIN 3.1, its description, how often it occurs, which rows carry it."""

    number: int
    what: str
    how_many: str
    choice: str


TRAPS: Final = (
    Trap(1, "blanked by its user after a night has seen it", "1 a day, and 2 % of the others", "blanked_next_day"),
    Trap(1, "blanked when its account was unused for nine months", "1 a day, and 3 % of the others", "unused_blanked"),
    Trap(1, "row gone with its account", "1 a day, and 1 in 10 of the deleted others", "unused_vanished"),
    Trap(2, "updatedAt stays when completed, locked and paid", "every completed application", "all"),
    Trap(
        3,
        "created and completed, edited (both null again), stamped a day later",
        "1 a day, and 2 % of the others",
        "restamped",
    ),
    Trap(3, "the same, and the type is another one afterwards", "1 a day, and 1 in 5 of the edited", "type_switched"),
    Trap(4, "createdAt before startedAt", "1 a day", "created_before_start"),
    Trap(4, "completedAt before createdAt", "1 a day", "completed_before_created"),
    Trap(4, "created and completed without startedAt", "1 a day", "without_start"),
    Trap(4, "no document", "1 a day", "without_document"),
    Trap(4, "a document without type", "1 a day, and 8 % of those never created", "without_type"),
    Trap(4, "no type until it is created, five days later", "1 a day, and 1 % of the others", "late_type"),
    Trap(5, "all three stamps equal to those of other rows", "3 a day", "equal_first"),
    Trap(6, "feedback older than two years is pruned", "all of it, relative to the last day", "prune_feedback"),
    Trap(7, "rating with a script, misspelt, missing; empty message", "on 4 days in 7, one kind a day", "bad_rating"),
    Trap(8, "invented personal data, escaped twice, with a script", "1 a day; some of it in most rows", "escaped"),
    Trap(9, "the same sent four times, 200 s apart: two count", "every third day", "repeat_first"),
    Trap(9, "the same twice without a comment: both count", "every third day, the next", "repeat_first"),
    Trap(9, "the same comment from two addresses: both count", "every third day, the one after", "repeat_first"),
    Trap(10, "blanked ten minutes after its start: no night sees it", "1 a day", "blanked_at_once"),
)
"""All traps of DOMAIN 3.1. `choice` names a place above, a function below, or `all`."""


OF_THE_TYPE: Final[Mapping[str, object]] = {}
"""Default of `document` in `insert_application`. It is compared by identity, so it differs from an empty document."""


@cache
def statement(name: str) -> str:
    """The SQL text of `demo/sql/{name}.sql`."""
    return (files("perf_pipeline.demo") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def planted_id(day: date, place: str) -> int:
    """The id of the application, started on a London day, that carries a trap (a key of `PLACES`)."""
    number = (day - EPOCH).days * NUMBERING["places_a_day"] + PLACES[place]
    return number * NUMBERING["id_step"] % NUMBERING["id_space"]


def create_lpa_tables(cursor: Cursor) -> None:
    """Create the empty tables `applications` and `feedback` with their indexes, in a database that has neither."""
    cursor.execute(statement("lpa_tables"))
    cursor.execute(statement("lpa_indexes"))


def insert_application(
    cursor: Cursor,
    *,
    started_at: datetime | None = None,
    created_at: datetime | None = None,
    completed_at: datetime | None = None,
    lpa_type: str | None = "property-and-financial",
    document: Mapping[str, object] | None = OF_THE_TYPE,
    id: int | None = None,
) -> int:
    """Insert one application and return its id, by default the next free one.

    The default `document` holds only the type, or nothing when `lpa_type` is None. None is a null document.
    `updatedAt` is the latest stamp except that of completion, which does not change it.
    """
    if document is OF_THE_TYPE:
        document = {} if lpa_type is None else {"type": lpa_type}
    edits = [stamp for stamp in (started_at, created_at) if stamp is not None]
    cursor.execute(
        statement("insert_application"),
        {
            "id": id,
            "updated_at": max(edits, default=completed_at or datetime(2025, 1, 1, tzinfo=UTC)),
            "started_at": started_at,
            "created_at": created_at,
            "completed_at": completed_at,
            "document": None if document is None else json.dumps(document),
        },
    )
    return _returned_id(cursor)


def insert_feedback(
    cursor: Cursor,
    received: datetime,
    rating: str | None,
    *,
    details: str = "",
    agent: str = "",
    from_page: str = "/home",
    email: str = "",
    phone: str = "",
) -> int:
    """Insert one feedback row and return its id. With a rating of None the message has no key `rating`."""
    message = {"details": details, "agent": agent, "fromPage": from_page, "email": email, "phone": phone}
    if rating is not None:
        message["rating"] = rating
    cursor.execute(statement("insert_feedback"), {"received": received, "message": json.dumps(message)})
    return _returned_id(cursor)


def blank_application(cursor: Cursor, application_id: int) -> None:
    """Delete as the service does: every column except `id` and `updatedAt` becomes null (trap 1)."""
    cursor.execute(statement("blank_application"), {"id": application_id})


def delete_application(cursor: Cursor, application_id: int) -> None:
    """Delete the whole row, as the cascade from a deleted account does (trap 1)."""
    cursor.execute(statement("delete_application"), {"id": application_id})


def restamp_application(
    cursor: Cursor, application_id: int, *, created_at: datetime | None = None, completed_at: datetime | None = None
) -> None:
    """Set both stamps again, as an edit does (trap 3). None resets a stamp. `updatedAt` becomes the present."""
    stamps = {"id": application_id, "created_at": created_at, "completed_at": completed_at}
    cursor.execute(statement("restamp_application"), stamps)


def prune_feedback(cursor: Cursor, before: datetime) -> None:
    """Delete the feedback received before an instant (trap 6)."""
    cursor.execute(statement("prune_feedback"), {"before": before})


def _returned_id(cursor: Cursor) -> int:
    row = cursor.fetchone()
    if row is None:
        raise LookupError("INSERT … RETURNING returned no row")
    return int(row[0])
