"""Rows that a test plants in its Make an LPA database, and what the service does to such rows (DOMAIN 3.1)."""

from datetime import date, datetime

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import Json

from perf_pipeline.demo.lpa_traps import EPOCH, NUMBERING, PLACES


def planted_id(day: date, place: str) -> int:
    """The id of the application, started on a London day, that carries a trap of the stand-in (a key of `PLACES`)."""
    number = (day - EPOCH).days * NUMBERING["places_a_day"] + PLACES[place]
    return number * NUMBERING["id_step"] % NUMBERING["id_space"]


def insert_application(
    cursor: Cursor,
    *,
    started_at: datetime | None = None,
    created_at: datetime | None = None,
    completed_at: datetime | None = None,
    lpa_type: str | None = "property-and-financial",
    id: int | None = None,
) -> int:
    """Insert one application; its id, by default the next free one. Without a type its document is empty."""
    document = Json({"type": lpa_type} if lpa_type else {})
    return _returned_id(
        cursor,
        'INSERT INTO applications (id, "user", "updatedAt", "startedAt", "createdAt", "completedAt", document)'
        " SELECT coalesce(%s, max(id) + 1, 1), 'user', now(), %s, %s, %s, %s FROM applications RETURNING id",
        (id, started_at, created_at, completed_at, document),
    )


def insert_feedback(
    cursor: Cursor, received: datetime, rating: str | None, *, from_page: str = "/home", **texts: str
) -> int:
    """Insert one feedback row; its id. With a rating of None the message has no rating. `texts` are not empty then."""
    message = {"details": "", "agent": "", "fromPage": from_page, "email": "", "phone": "", "rating": rating} | texts
    kept = {name: value for name, value in message.items() if value is not None}
    return _returned_id(
        cursor, "INSERT INTO feedback (received, message) VALUES (%s, %s) RETURNING id", (received, Json(kept))
    )


def blank_application(cursor: Cursor, number: int) -> None:
    """Delete as the service does: nothing but the id and `updatedAt` is left."""
    delete_application(cursor, number)
    cursor.execute('INSERT INTO applications (id, "updatedAt") VALUES (%s, now())', (number,))


def delete_application(cursor: Cursor, number: int) -> None:
    """Delete the whole row, as the cascade from a deleted account does."""
    cursor.execute("DELETE FROM applications WHERE id = %s", (number,))


def restamp_application(
    cursor: Cursor, number: int, *, created_at: datetime | None = None, completed_at: datetime | None = None
) -> None:
    """Set both stamps again, as an edit does; None resets a stamp."""
    stamps = (created_at, completed_at, number)
    cursor.execute('UPDATE applications SET "createdAt" = %s, "completedAt" = %s WHERE id = %s', stamps)


def prune_feedback(cursor: Cursor, before: datetime) -> None:
    """Delete the feedback received before an instant."""
    cursor.execute("DELETE FROM feedback WHERE received < %s", (before,))


def _returned_id(cursor: Cursor, statement: str, values: tuple[object, ...]) -> int:
    cursor.execute(statement, values)
    ((number,),) = cursor.fetchall()
    return int(number)
