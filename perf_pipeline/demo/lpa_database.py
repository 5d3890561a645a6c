"""The stand-in Make an LPA database: real tables, invented applications and feedback, advanced day by day (DOMAIN 3.1).

Here: how much happens on a day, and which days are written in which order. Not here: what happens to one application or
stands in one feedback row (`sql/lpa_lives.sql`, `sql/draw_feedback.sql`), or the list of what goes wrong on purpose
(`lpa_traps`).

What is drawn depends on day and place alone, and a row's state on the last day alone, so building in one go and day by
day end in the same rows. How far a database has got stands in the comment on its `applications` table and changes with
the rows, in one transaction: a build that is killed leaves what was there before.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, cast

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver spells its class in lower case
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.exc import OperationalError as SQLAlchemyOperationalError

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, months_later, start_of
from perf_pipeline.demo.channel_model import online_applications
from perf_pipeline.demo.lpa_traps import (
    EPOCH,
    FEEDBACK_PLACES,
    NUMBERING,
    PLACES,
    UNUSED_DAYS,
    prune_feedback,
    statement,
)
from perf_pipeline.errors import TransientSourceError, UsageError

STARTS_PER_COMPLETION: Final = 1.43
_COMPLETION_LAG: Final = timedelta(weeks=3)
LONGEST_LIFE_DAYS: Final = 145
"""Nothing happens to an application later than this after its start, but the deletion of its unused account."""

_FEEDBACK_KEPT_MONTHS: Final = 24
_DAYS_A_CHUNK: Final = 92
_SATURDAY: Final = 5
_LOCK_KEY: Final = 0x6C7061
_SETTINGS: Final = "-c timezone=UTC -c jit=off -c work_mem=64MB -c maintenance_work_mem=256MB"


@dataclass(frozen=True, slots=True)
class _World:
    """What a database holds: `share` of the volumes, from the first day to the last."""

    first_day: date
    last_day: date
    share: float

    def mark(self) -> str:
        """Give what the comment on the table says, for `_found_world` to read."""
        return json.dumps(
            {
                "stand_in": "make-an-lpa",
                "first_day": self.first_day.isoformat(),
                "last_day": self.last_day.isoformat(),
                "share": self.share,
            }
        )


def build_lpa_database(
    connection_or_url: str,
    first_day: date,
    last_day: date,
    *,
    progress: Callable[[str], None] | None = None,
    share: float = 1.0,
) -> None:
    """Create the tables if they are absent and bring them to the end of `last_day` (London), in one transaction.

    A database that has got that far or further is left alone. `share` scales the volumes, in (0, 1]. `progress` is told
    in words what is being written. Two builds at once wait for each other.

    Raises UsageError for a range the wrong way round, a share out of bounds, and a database that holds other tables of
    these names or a world with another first day or share; TransientSourceError when the database can't be reached.
    """
    DayRange(first_day, last_day)
    if not 0 < share <= 1:
        raise UsageError(f"The share of the volumes is {share}.", next_step="give a share above 0 and at most 1.")
    wanted = _World(first_day, last_day, share)
    with _transaction(connection_or_url) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        found = _found_world(cursor)
        if found is None:
            _create(cursor, wanted, progress or _silent)
        elif replace(found, last_day=last_day) != wanted:
            raise UsageError(
                f"The database holds a stand-in world from {found.first_day} at share {found.share}; "
                f"one from {first_day} at share {share} was asked for.",
                next_step="ask for that one, or drop the database and build it again.",
            )
        elif found.last_day < last_day:
            _extend(cursor, found, wanted, progress or _silent)


def starts_on(day: date, share: float) -> int:
    """How many applications are started on a London day: never fewer than carry the planted traps.

    About half are completed within days and half within weeks, so that both weigh in for completions to follow the
    online channel of Sirius through its sudden changes.
    """
    completions = (online_applications(day) + online_applications(day + _COMPLETION_LAG)) / 2
    return max(PLACES["planted"], round(completions * STARTS_PER_COMPLETION * share))


def feedback_on(day: date, share: float) -> int:
    """How many feedback rows are received on a London day: 40 to 60 at full share, all planted ones at least."""
    weekend_rows = 40 + day.toordinal() * 7 % 11
    return max(FEEDBACK_PLACES["planted"], round((weekend_rows + (10 if day.weekday() < _SATURDAY else 0)) * share))


def _create(cursor: Cursor, world: _World, progress: Callable[[str], None]) -> None:
    cursor.execute(statement("lpa_tables"))
    warm_up = world.first_day - timedelta(days=LONGEST_LIFE_DAYS)
    _start_applications(cursor, world, DayRange(warm_up, world.last_day), progress)
    _add_feedback(cursor, world, DayRange(world.first_day, world.last_day))
    progress("indexing the Make an LPA stand-in")
    cursor.execute(statement("lpa_indexes"))
    _finish(cursor, world)


def _extend(cursor: Cursor, found: _World, wanted: _World, progress: Callable[[str], None]) -> None:
    new_days = DayRange(found.last_day + ONE_DAY, wanted.last_day)
    progress(f"advancing the Make an LPA stand-in by {new_days}")
    for days in _chunks(_days_still_alive(found, new_days)):
        with _lives(cursor, wanted, days, changed_since=start_of(new_days.first)):
            cursor.execute(statement("advance_applications"))
            cursor.execute(statement("delete_gone_applications"))
    _start_applications(cursor, wanted, new_days, progress)
    _add_feedback(cursor, wanted, new_days)
    _finish(cursor, wanted)


def _days_still_alive(found: _World, new_days: DayRange) -> list[date]:
    """Days of start, among those built before, whose applications something may happen to in the new days."""
    oldest = found.first_day - timedelta(days=LONGEST_LIFE_DAYS)
    young = DayRange(max(oldest, new_days.first - timedelta(days=LONGEST_LIFE_DAYS)), found.last_day)
    unused = {day - timedelta(days=UNUSED_DAYS) for day in new_days}
    return sorted(set(young) | {day for day in unused if oldest <= day <= found.last_day})


def _start_applications(cursor: Cursor, world: _World, days: DayRange, progress: Callable[[str], None]) -> None:
    for chunk in _chunks(list(days)):
        progress(f"Make an LPA stand-in: applications started {DayRange(chunk[0], chunk[-1])}")
        with _lives(cursor, world, chunk):
            cursor.execute(statement("start_applications"))


@contextmanager
def _lives(
    cursor: Cursor, world: _World, days: Sequence[date], changed_since: datetime | None = None
) -> Iterator[None]:
    """Within, the table `lives` holds the applications started on `days` as they stand at the end of the world."""
    asked = {
        "days": list(days),
        "starts": [starts_on(day, world.share) for day in days],
        "as_of": start_of(world.last_day + ONE_DAY),
        "opened_at": start_of(world.first_day),
        "changed_since": changed_since or "-infinity",
        "epoch": EPOCH,
        "unused_days": UNUSED_DAYS,
    }
    cursor.execute(statement("lpa_lives"), {**PLACES, **NUMBERING, **asked})
    # Without numbers the planner would read all applications to find a few thousand.
    cursor.execute("ANALYZE lives")
    yield
    cursor.execute("DROP TABLE lives")


def _add_feedback(cursor: Cursor, world: _World, days: DayRange) -> None:
    rows = [feedback_on(day, world.share) for day in days]
    cursor.execute(statement("draw_feedback"), {**FEEDBACK_PLACES, "epoch": EPOCH, "days": list(days), "rows": rows})
    cursor.execute(statement("advance_feedback_sequence"))


def _finish(cursor: Cursor, world: _World) -> None:
    prune_feedback(cursor, start_of(months_later(world.last_day + ONE_DAY, -_FEEDBACK_KEPT_MONTHS)))
    cursor.execute(statement("mark_lpa_database"), {"mark": world.mark()})
    cursor.execute("ANALYZE public.applications, public.feedback")


def _found_world(cursor: Cursor) -> _World | None:
    cursor.execute(statement("read_lpa_mark"))
    ((is_there, mark),) = cursor.fetchall()
    if not is_there:
        return None
    try:
        found = json.loads(mark or "")
        return _World(date.fromisoformat(found["first_day"]), date.fromisoformat(found["last_day"]), found["share"])
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            "The database holds a table applications or feedback that this stand-in has not made; nothing was changed.",
            next_step="give the stand-in a database of its own.",
        ) from None


@contextmanager
def _transaction(url: str) -> Iterator[Cursor]:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        poolclass=NullPool,
        connect_args={"options": _SETTINGS, "connect_timeout": 10},
    )
    try:
        with closing(engine.raw_connection()) as connection:
            yield cast(Cursor, connection.cursor())
            connection.commit()
    except (SQLAlchemyOperationalError, psycopg2.OperationalError):
        raise TransientSourceError(
            f"The Make an LPA stand-in's database {engine.url.database} can't be reached, or broke off.",
            next_step="nothing was changed; check its server, disk space and URL, then run the same command again.",
        ) from None


def _chunks(days: Sequence[date]) -> Iterator[Sequence[date]]:
    return (days[at : at + _DAYS_A_CHUNK] for at in range(0, len(days), _DAYS_A_CHUNK))


def _silent(_message: str) -> None:
    pass
