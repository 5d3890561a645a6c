"""The stand-in Make an LPA database on a real PostgreSQL: the same rows however it is built, and every trap in it."""

import itertools
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import pytest
from sqlalchemy import make_url

from perf_pipeline.catalogue.reporting_days import london_day, start_of
from perf_pipeline.demo.channel_model import online_applications
from perf_pipeline.demo.lpa_database import build_lpa_database, starts_on
from perf_pipeline.demo.lpa_traps import EPOCH, PLACES, UNUSED_DAYS
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.errors import TransientSourceError, UsageError
from perf_pipeline_tests.lpa_rows import planted_id

FIRST = date(2025, 5, 1)
LAST = date(2026, 4, 2)
SHARE = 0.01
DAY = timedelta(days=1)
KEPT_WHEN_BLANK = {"id", "updatedAt"}

Row = dict[str, Any]
NewDatabase = Callable[[], str]
database_numbers = itertools.count()


@pytest.fixture(scope="module")
def new_database(postgres: EmbeddedPostgres) -> NewDatabase:
    return lambda: postgres.ensure_database(f"lpa_{next(database_numbers)}")


@pytest.fixture(scope="module")
def world(new_database: NewDatabase) -> str:
    url = new_database()
    build_lpa_database(url, FIRST, LAST, share=SHARE)
    return url


@pytest.fixture(scope="module")
def nights(new_database: NewDatabase) -> list[dict[int, Row]]:
    """The applications, by id, as they stand at the end of each of the first eight days."""
    url = new_database()
    seen = []
    for number in range(8):
        build_lpa_database(url, FIRST, FIRST + number * DAY, share=SHARE)
        seen.append(applications(url))
    return seen


def select(url: str, query: str, *parameters: object) -> list[Row]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(address, cursor_factory=psycopg2.extras.RealDictCursor)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []


def applications(url: str) -> dict[int, Row]:
    return {row["id"]: row for row in select(url, "SELECT * FROM applications")}


def feedback(url: str) -> list[Row]:
    return select(url, "SELECT * FROM feedback ORDER BY id")


def messages(url: str) -> list[dict[str, Any]]:
    return [row["message"] for row in feedback(url)]


def content(url: str) -> tuple[dict[int, Row], list[Row]]:
    return applications(url), feedback(url)


def is_blank(row: Row) -> bool:
    return {name for name, value in row.items() if value is not None} == KEPT_WHEN_BLANK


def application(url: str, day: date, place: str) -> Row:
    (row,) = select(url, "SELECT * FROM applications WHERE id = %s", planted_id(day, place))
    return row


class TestBuilding:
    def test_one_go_and_many_extensions_end_in_the_same_rows(self, new_database: NewDatabase, world: str) -> None:
        url = new_database()
        days = [0, 1, 2, 3, 4, 30, 110, 111, 112, 113, 140, 150, 178, 179, 274, 275, 276, 277, (LAST - FIRST).days]
        for number in days:
            build_lpa_database(url, FIRST, FIRST + number * DAY, share=SHARE)
        assert content(url) == content(world)

    def test_building_again_or_to_an_earlier_day_touches_nothing(self, world: str) -> None:
        versions = select(world, "SELECT xmin::text, ctid::text FROM applications ORDER BY id")
        build_lpa_database(world, FIRST, LAST, share=SHARE)
        build_lpa_database(world, FIRST, FIRST, share=SHARE)
        assert select(world, "SELECT xmin::text, ctid::text FROM applications ORDER BY id") == versions

    @pytest.mark.parametrize("built_before", [False, True])
    def test_a_build_killed_in_the_middle_leaves_what_was_there_and_the_next_one_is_right(
        self, new_database: NewDatabase, world: str, built_before: bool
    ) -> None:
        url = new_database()
        if built_before:
            build_lpa_database(url, FIRST, date(2025, 11, 1), share=SHARE)
        before = content(url) if built_before else None
        assert killed_build(url) == -signal.SIGKILL
        if built_before:
            assert content(url) == before
        else:
            assert select(url, "SELECT to_regclass('applications') AS found") == [{"found": None}]
        build_lpa_database(url, FIRST, LAST, share=SHARE)
        assert content(url) == content(world)

    def test_two_builds_at_once_end_in_the_same_rows(self, new_database: NewDatabase, world: str) -> None:
        url = new_database()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda _: build_lpa_database(url, FIRST, LAST, share=SHARE), range(2)))
        assert content(url) == content(world)

    def test_tables_and_indexes_are_those_of_the_service_and_nothing_else_is_made(self, world: str) -> None:
        columns = select(
            world,
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
            " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
        )
        assert {row["name"].partition(".")[0] for row in columns} == {"applications", "feedback"}
        assert {"applications.sharedSpaceId", "applications.repeatCaseNumber"} <= {row["name"] for row in columns}
        indexed = select(
            world, "SELECT substring(indexdef FROM '\\(.*') AS columns FROM pg_indexes WHERE schemaname = 'public'"
        )
        assert Counter(row["columns"] for row in indexed) == Counter(
            ["(id)", "(id)", '("user", "updatedAt")', '("startedAt")', '("createdAt")', '("completedAt")', "(received)"]
        )

    def test_progress_is_reported_in_words(self, new_database: NewDatabase) -> None:
        told: list[str] = []
        build_lpa_database(new_database(), FIRST, FIRST, share=SHARE, progress=told.append)
        assert told[-1] == "indexing the Make an LPA stand-in"
        assert "applications started" in told[0]


class TestRefusals:
    def test_tables_of_another_maker_are_left_alone_whatever_their_comment(self, new_database: NewDatabase) -> None:
        url = new_database()
        select(url, "CREATE TABLE applications (id bigint)")
        for mark in (None, "what the service keeps", "3", "{}"):
            select(url, "COMMENT ON TABLE applications IS %s", mark)
            with pytest.raises(UsageError, match=r"that this stand-in has not made.*a database of its own"):
                build_lpa_database(url, FIRST, FIRST, share=SHARE)
        assert select(url, "SELECT to_regclass('feedback') AS found") == [{"found": None}]

    @pytest.mark.parametrize(
        ("first", "last", "share", "said"),
        [
            (FIRST + DAY, LAST, SHARE, r"holds a stand-in world from 2025-05-01 at share 0\.01"),
            (FIRST, LAST, 0.02, r"holds a stand-in world from 2025-05-01 at share 0\.01"),
            (LAST, FIRST, SHARE, "the wrong way round"),
            (FIRST, LAST, 0.0, "share"),
            (FIRST, LAST, -1.0, "share"),
            (FIRST, LAST, 1.5, "share"),
        ],
    )
    def test_a_world_that_can_not_be_is_refused(
        self, world: str, first: date, last: date, share: float, said: str
    ) -> None:
        with pytest.raises(UsageError, match=said):
            build_lpa_database(world, first, last, share=share)

    def test_an_unreachable_server_is_named_without_its_secrets(self, tmp_path: Path) -> None:
        with pytest.raises(
            TransientSourceError, match=r"database lpa can't be reached.*run the same command"
        ) as caught:
            build_lpa_database(f"postgresql://someone:secret@/lpa?host={tmp_path}", FIRST, LAST)
        assert "secret" not in str(caught.value)

    def test_a_connection_that_breaks_leaves_nothing_behind(self, new_database: NewDatabase) -> None:
        url = new_database()
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"

        def cut(_told: str) -> None:
            select(url, others, make_url(url).database)

        with pytest.raises(TransientSourceError, match=r"broke off.*nothing was changed"):
            build_lpa_database(url, FIRST, FIRST, share=SHARE, progress=cut)
        assert select(url, "SELECT to_regclass('applications') AS found") == [{"found": None}]


class TestRhythm:
    def test_completions_follow_the_online_channel(self, new_database: NewDatabase) -> None:
        url = new_database()
        share = 0.2
        build_lpa_database(url, date(2025, 12, 1), date(2026, 2, 28), share=share)
        completed = Counter(
            london_day(row["completedAt"]).month for row in applications(url).values() if row["completedAt"]
        )
        for month in (1, 2):
            days = [date(2026, month, number) for number in range(1, 29)]
            expected = sum(map(online_applications, days)) * share
            assert 0.8 < completed[month] / expected < 1.25

    def test_every_london_day_has_starts_in_its_first_and_its_last_half_hour(self, world: str) -> None:
        summer = date(2025, 7, 10)
        assert application(world, summer, "after_midnight")["startedAt"] == datetime(2025, 7, 9, 23, 30, tzinfo=UTC)
        assert application(world, summer, "before_midnight")["startedAt"] == datetime(2025, 7, 10, 22, 30, tzinfo=UTC)

    @pytest.mark.parametrize(("day", "hours"), [(date(2025, 10, 26), 25), (date(2026, 3, 29), 23), (FIRST, 24)])
    def test_days_have_the_length_that_the_clocks_give_them(self, world: str, day: date, hours: int) -> None:
        first = application(world, day, "after_midnight")["startedAt"]
        last = application(world, day, "before_midnight")["startedAt"]
        assert last - first == timedelta(hours=hours - 1)
        started = select(
            world,
            'SELECT id FROM applications WHERE "startedAt" >= %s AND "startedAt" < %s',
            start_of(day),
            start_of(day + DAY),
        )
        # Neither what was blanked nor what never had a start can be counted.
        assert starts_on(day, SHARE) - 8 <= len(started) <= starts_on(day, SHARE)

    def test_what_was_started_before_the_first_day_still_ends_in_it(self, world: str) -> None:
        early = select(world, 'SELECT * FROM applications WHERE "startedAt" < %s', start_of(FIRST))
        assert early
        assert all(
            row["createdAt"] is None or max(filter(None, (row["createdAt"], row["completedAt"]))) >= start_of(FIRST)
            for row in early
        )

    def test_both_types_occur_in_the_usual_proportion(self, world: str) -> None:
        types = Counter(row["type"] for row in select(world, "SELECT document->>'type' AS type FROM applications"))
        known = types["property-and-financial"] + types["health-and-welfare"]
        assert set(types) == {"property-and-financial", "health-and-welfare", None}
        assert 0.5 < types["property-and-financial"] / known < 0.62


class TestApplicationTraps:
    def test_1_an_application_that_a_night_saw_is_blanked_later(self, nights: list[dict[int, Row]]) -> None:
        seen = [night[planted_id(FIRST, "blanked_next_day")] for night in nights]
        assert seen[0]["startedAt"] is not None
        assert seen[0]["document"] is not None
        assert is_blank(seen[2])
        assert seen[2]["updatedAt"] > seen[0]["updatedAt"]

    def test_1_unused_accounts_are_deleted_after_nine_months(self, new_database: NewDatabase) -> None:
        url = new_database()
        build_lpa_database(url, FIRST, FIRST + (UNUSED_DAYS - 1) * DAY, share=SHARE)
        before = applications(url)
        build_lpa_database(url, FIRST, FIRST + UNUSED_DAYS * DAY, share=SHARE)
        after = applications(url)
        blanked, vanished = planted_id(FIRST, "unused_blanked"), planted_id(FIRST, "unused_vanished")
        assert before[blanked]["startedAt"] is not None
        assert before[vanished]["startedAt"] is not None
        assert is_blank(after[blanked])
        assert vanished not in after

    def test_2_updated_at_does_not_move_on_completion_lock_and_payment(self, world: str) -> None:
        completed = select(
            world, 'SELECT * FROM applications WHERE "completedAt" > "createdAt" AND "createdAt" > "startedAt"'
        )
        assert len(completed) > 1000
        assert all(row["updatedAt"] == row["createdAt"] and row["locked"] and row["payment"] for row in completed)
        assert all(row["lockedAt"] == row["completedAt"] > row["updatedAt"] for row in completed)

    @pytest.mark.parametrize("stamp", ["createdAt", "completedAt"])
    @pytest.mark.parametrize("place", ["restamped", "type_switched"])
    def test_3_an_edit_resets_the_stamps_which_come_again_later(
        self, nights: list[dict[int, Row]], place: str, stamp: str
    ) -> None:
        stamps = [night[planted_id(FIRST, place)][stamp] for night in nights]
        distinct = [value for value, _ in itertools.groupby(stamps)]
        assert distinct[-3] is not None
        assert distinct[-2] is None
        assert distinct[-1] > distinct[-3]

    def test_3_and_4_a_type_can_change_and_can_come_days_after_the_start(self, nights: list[dict[int, Row]]) -> None:
        switched, late = (
            [night[planted_id(FIRST, place)]["document"].get("type") for night in (nights[0], nights[-1])]
            for place in ("type_switched", "late_type")
        )
        assert switched[0] != switched[1]
        assert late[0] is None
        assert late[1] is not None

    def test_4_stamps_are_out_of_order_and_fields_are_missing(self, world: str) -> None:
        early = application(world, FIRST, "created_before_start")
        assert early["createdAt"] < early["startedAt"]
        hasty = application(world, FIRST, "completed_before_created")
        assert hasty["completedAt"] < hasty["createdAt"]
        without_start = application(world, FIRST, "without_start")
        assert without_start["startedAt"] is None
        assert without_start["createdAt"] is not None
        assert application(world, FIRST, "without_document")["document"] is None
        assert "type" not in application(world, FIRST, "without_type")["document"]

    def test_5_several_applications_share_all_three_stamps(self, world: str) -> None:
        shared = select(
            world,
            'SELECT count(*) FROM applications WHERE "startedAt" = %s AND "createdAt" = %s AND "completedAt" = %s',
            *(datetime(2025, 7, 10, hour, tzinfo=UTC) for hour in (11, 12, 13)),
        )
        assert shared == [{"count": PLACES["equal_last"] - PLACES["equal_first"] + 1}]

    def test_10_an_application_can_be_gone_before_any_night_saw_it(self, nights: list[dict[int, Row]]) -> None:
        assert all(is_blank(night[planted_id(FIRST, "blanked_at_once")]) for night in nights)


class TestFeedbackTraps:
    def test_6_feedback_older_than_two_years_is_pruned(self, new_database: NewDatabase) -> None:
        url = new_database()
        build_lpa_database(url, date(2023, 3, 1), date(2025, 3, 1), share=0.001)
        build_lpa_database(url, date(2023, 3, 1), date(2025, 3, 10), share=0.001)
        assert london_day(min(row["received"] for row in feedback(url))) == date(2023, 3, 11)

    def test_7_seed_legacy_missing_and_empty_ratings_occur_each_week(self, world: str) -> None:
        weeks = (LAST - FIRST).days // 7
        ratings = Counter(message.get("rating", "none") for message in messages(world) if message)
        for rating in ('<script>alert("hello rating");</script>dissatisfied', "very-issatisfied", "none"):
            assert ratings[rating] >= weeks
        assert messages(world).count({}) >= weeks

    def test_8_personal_data_are_invented_and_escaped_twice(self, world: str) -> None:
        found = [message for message in messages(world) if message]
        assert any("&amp;lt;script&amp;gt;" in message["details"] for message in found)
        assert any(message["fromPage"].endswith("/donor?x=1") for message in found)
        assert {message["email"].partition("@")[2] for message in found} == {"", "example.org"}
        assert {message["phone"][:9] for message in found} == {"", "07700 900"}
        assert 0.85 < sum(bool(message["details"]) for message in found) / len(found) < 1

    def test_9_the_same_feedback_comes_again_and_pairs_of_mere_agreement_have_no_comment(self, world: str) -> None:
        rows = [row for row in feedback(world) if row["message"]]
        gaps: dict[int, set[tuple[bool, float]]] = {0: set(), 1: set(), 2: set()}
        for earlier, later in itertools.pairwise(rows):
            if earlier["message"] == later["message"]:
                gap = (later["received"] - earlier["received"]).total_seconds()
                kind = (london_day(later["received"]) - EPOCH).days % 3
                gaps[kind].add((bool(later["message"]["details"]), gap))
        assert gaps == {0: {(True, 200)}, 1: {(False, 60)}, 2: set()}

    def test_9_the_same_comment_from_two_addresses_is_no_repeat(self, world: str) -> None:
        rated = [message for message in messages(world) if "rating" in message]
        assert any(
            a["details"] == b["details"] != "" and a["rating"] == b["rating"] and a["email"] != b["email"]
            for a, b in itertools.pairwise(rated)
        )


def killed_build(url: str) -> int:
    """Build in a process that kills itself while the last applications are being written; return its exit status."""
    program = f"""
import os, signal
from datetime import date
from perf_pipeline.demo.lpa_database import build_lpa_database

def die_late(told):
    if "to {LAST}" in told and "started" in told:
        os.kill(os.getpid(), signal.SIGKILL)

first_day, last_day = map(date.fromisoformat, ("{FIRST}", "{LAST}"))
build_lpa_database({url!r}, first_day, last_day, share={SHARE}, progress=die_late)
"""
    return subprocess.run([sys.executable, "-c", program], check=False).returncode
