"""The stand-in Make an LPA database: real tables, invented applications and feedback, advanced day by day (DOMAIN 3.1).

Here: how much happens on a day, and the order in which days are written. Not here: what happens to one application
(`sql/lpa_lives.sql`), the content of one feedback row (`sql/draw_feedback.sql`), the deliberate faults (`lpa_traps`).

The random draws depend only on the day and the place within the day. The state of a row depends only on the last day.
So one build of all days and one build per day give the same rows. The comment on the table `applications` records how
far the database has been built. It changes in the same transaction as the rows, so a build that is killed changes
nothing.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver spells its class in lower case
from sqlalchemy import make_url

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, months_later, start_of
from perf_pipeline.demo.channel_model import online_applications
from perf_pipeline.demo.lpa_traps import EPOCH, FEEDBACK_PLACES, NUMBERING, PLACES, UNUSED_DAYS
from perf_pipeline.errors import TransientSourceError, UsageError
from perf_pipeline.systems import Progress, silent
from perf_pipeline.warehouse.engine import with_password

STARTS_PER_COMPLETION: Final = 1.43
_COMPLETION_LAG: Final = timedelta(weeks=3)
LONGEST_LIFE_DAYS: Final = 145
"""An application no longer changes this long after its start, except that its unused account is deleted."""

_FEEDBACK_KEPT_MONTHS: Final = 24
_DAYS_A_CHUNK: Final = 92
_SATURDAY: Final = 5
_LOCK_KEY: Final = 0x6C7061
_SETTINGS: Final = "-c timezone=UTC -c jit=off -c work_mem=64MB -c maintenance_work_mem=256MB"


@dataclass(frozen=True, slots=True)
class _World:
    """The content of a database: the days, and the `share` of the full volumes."""

    first_day: date
    last_day: date
    share: float

    def mark(self) -> str:
        """The comment on the table, which `_found_world` reads."""
        return json.dumps({"stand_in": "make-an-lpa"} | asdict(self), default=str)


@cache
def statement(name: str) -> str:
    """The SQL text of `demo/sql/{name}.sql`."""
    return (files("perf_pipeline.demo") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def build_lpa_database(
    connection_or_url: str,
    first_day: date,
    last_day: date,
    *,
    progress: Progress = silent,
    share: float = 1.0,
) -> None:
    """Create the tables if they are absent and bring them to the end of `last_day` (London), in one transaction.

    A database that already reaches `last_day` is left as it is. `share`, in (0, 1], scales the volumes. `progress` is
    called with a description of what is being written. Two concurrent builds wait for each other.

    Raises UsageError for reversed days, for a share out of bounds, and for a database that holds other tables of these
    names or a world with another first day or share. Raises TransientSourceError when the database can't be reached.
    """
    DayRange(first_day, last_day)
    if not 0 < share <= 1:
        raise UsageError(f"The share of the volumes is {share}.", next_step="give a share above 0 and at most 1.")
    wanted = _World(first_day, last_day, share)
    with _transaction(connection_or_url) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        found = _found_world(cursor)
        if found is None:
            _create(cursor, wanted, progress)
        elif replace(found, last_day=last_day) != wanted:
            raise UsageError(
                f"The database holds a stand-in world from {found.first_day} at share {found.share}; "
                f"one from {first_day} at share {share} was asked for.",
                next_step="ask for that one, or drop the database and build it again.",
            )
        elif found.last_day < last_day:
            _extend(cursor, found, wanted, progress)


def starts_on(day: date, share: float) -> int:
    """How many applications are started on a London day. There are always enough for the planted traps.

    About half are completed within days and half within weeks. The number of starts is computed from Sirius's online
    channel on both kinds of days, so that completions follow that channel through its sudden changes.
    """
    completions = (online_applications(day) + online_applications(day + _COMPLETION_LAG)) / 2
    return max(PLACES["planted"], round(completions * STARTS_PER_COMPLETION * share))


def feedback_on(day: date, share: float) -> int:
    """How many feedback rows are received on a London day: 40 to 60 at full share, and at least the planted ones."""
    weekend_rows = 40 + day.toordinal() * 7 % 11
    return max(FEEDBACK_PLACES["planted"], round((weekend_rows + (10 if day.weekday() < _SATURDAY else 0)) * share))


def _create(cursor: Cursor, world: _World, progress: Progress) -> None:
    cursor.execute(statement("lpa_tables"))
    warm_up = world.first_day - timedelta(days=LONGEST_LIFE_DAYS)
    _start_applications(cursor, world, DayRange(warm_up, world.last_day), progress)
    _add_feedback(cursor, world, DayRange(world.first_day, world.last_day))
    progress("indexing the Make an LPA stand-in")
    cursor.execute(statement("lpa_indexes"))
    _finish(cursor, world)


def _extend(cursor: Cursor, found: _World, wanted: _World, progress: Progress) -> None:
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
    """The days built before whose applications may still change on the new days."""
    oldest = found.first_day - timedelta(days=LONGEST_LIFE_DAYS)
    young = DayRange(max(oldest, new_days.first - timedelta(days=LONGEST_LIFE_DAYS)), found.last_day)
    unused = {day - timedelta(days=UNUSED_DAYS) for day in new_days}
    return sorted(set(young) | {day for day in unused if oldest <= day <= found.last_day})


def _start_applications(cursor: Cursor, world: _World, days: DayRange, progress: Progress) -> None:
    for chunk in _chunks(list(days)):
        progress(f"Make an LPA stand-in: applications started {DayRange(chunk[0], chunk[-1])}")
        with _lives(cursor, world, chunk):
            cursor.execute(statement("start_applications"))


@contextmanager
def _lives(
    cursor: Cursor, world: _World, days: Sequence[date], changed_since: datetime | None = None
) -> Iterator[None]:
    """Within the block, the table `lives` holds the applications started on `days` in their state on the last day."""
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
    # Without statistics PostgreSQL would scan all applications to find a few thousand.
    cursor.execute("ANALYZE lives")
    yield
    cursor.execute("DROP TABLE lives")


def _add_feedback(cursor: Cursor, world: _World, days: DayRange) -> None:
    rows = [feedback_on(day, world.share) for day in days]
    cursor.execute(statement("draw_feedback"), {**FEEDBACK_PLACES, "epoch": EPOCH, "days": list(days), "rows": rows})
    cursor.execute(statement("advance_feedback_sequence"))


def _finish(cursor: Cursor, world: _World) -> None:
    first_kept_day = months_later(world.last_day + ONE_DAY, -_FEEDBACK_KEPT_MONTHS)
    cursor.execute(statement("prune_feedback"), {"before": start_of(first_kept_day)})
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
    address = make_url(url).set(drivername="postgresql")
    try:
        with closing(psycopg2.connect(with_password(address), options=_SETTINGS, connect_timeout=10)) as connection:
            yield connection.cursor()
            connection.commit()
    except psycopg2.OperationalError:
        raise TransientSourceError(
            f"The Make an LPA stand-in's database {address.database} can't be reached, or the connection broke off.",
            next_step="nothing was changed; check its server, disk space and URL, then run the same command again.",
        ) from None


def _chunks(days: Sequence[date]) -> Iterator[Sequence[date]]:
    return (days[at : at + _DAYS_A_CHUNK] for at in range(0, len(days), _DAYS_A_CHUNK))
