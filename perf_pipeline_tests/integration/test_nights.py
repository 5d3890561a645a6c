"""Nights one after the other, by the real command on real systems: what each builds, and that it builds nothing else."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, start_of
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.demo.lpa_traps import blank_application, insert_feedback, restamp_application
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.warehouse.building import WAITING
from perf_pipeline.warehouse.engine import transaction, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline_tests.commands import PATIENCE_SECONDS, YESTERDAY, Place
from perf_pipeline_tests.conftest import connect

TODAY = YESTERDAY + ONE_DAY
DAYS = DayRange(YESTERDAY - timedelta(days=79), YESTERDAY)
BEFORE_THE_OUTAGE = YESTERDAY - timedelta(days=4)
OUTAGE = DayRange(BEFORE_THE_OUTAGE + ONE_DAY, YESTERDAY)
RATED_LATE = YESTERDAY - timedelta(days=3)
REVISED = YESTERDAY - timedelta(days=60)
EXPORTED_AGAIN = DayRange(YESTERDAY - timedelta(days=40), YESTERDAY - timedelta(days=34))
COUNTED_OTHERWISE = {EXPORTED_AGAIN.first + ONE_DAY, EXPORTED_AGAIN.first + 4 * ONE_DAY}
PAGES = ("lasting-power-of-attorney", "use-lasting-power-of-attorney")
PLAN_AGAIN = "UPDATE perf.source_deliveries SET released_at = NULL WHERE report_date = :day"


@dataclass(frozen=True)
class Night:
    """How a nightly run ended, the days that it says it built, and the figures after it."""

    status: int
    err: str
    built: list[str]
    published: dict[str, str]


@dataclass
class World:
    """Systems that stand still unless a test moves them, and a place to run the command in."""

    place: Place
    warehouse: Engine
    lpa_database_url: str
    exports: Path
    revised: dict[str, int]

    def night(self, *arguments: str) -> Night:
        return self.ended(self.place.run("nightly", *arguments))

    def ended(self, ended: "subprocess.CompletedProcess[str]") -> Night:
        built = re.findall(r"^Run \d+ of \d+: (.+) \(", ended.stderr, re.MULTILINE)
        return Night(ended.returncode, ended.stderr, built, self.place.sha256s())

    def execute(self, statement: str, **values: object) -> None:
        with transaction(self.warehouse) as connection:
            connection.execute(text(statement), values)

    def answer(self, answer: dict[str, Any]) -> None:
        """Sirius counts the same on every day, for good, but where it has revised one."""
        for row in answer.get("data", []):
            paper = 58 + self.revised.get(row["period"], 0)
            row["channels"] = {"online": 40, "paper": paper, "phone": 1, "assisted": 1, "other": 0, "unknown": 0}
            row["total"], row["status"] = sum(row["channels"].values()), "final"

    def export(self, name: str, days: DayRange, counts: dict[date, int], saved_at: datetime) -> None:
        header = "creation date,path or service name,feedback,service satisfaction rating,type"
        rows = [
            f"{day} 00:10:00,/done/{page},Rating of 5: {counts.get(day, 5)},,aggregated-service-feedback"
            for day in days
            for page in PAGES
        ]
        file = self.exports / f"feedex_{days.first}_{days.last + ONE_DAY}_{name}.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        os.utime(file, (saved_at.timestamp(), saved_at.timestamp()))


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, behaviour = tmp_path_factory.mktemp("nights"), SiriusBehaviour(hiccup_every=0)
    url = postgres.ensure_database("nights_warehouse")
    warehouse = warehouse_engine(url)
    migrate(warehouse)
    with sirius_server(today=TODAY, behaviour=behaviour) as sirius_url:
        variables = {
            "PERF_DATABASE_URL": url,
            "PERF_LPA_DATABASE_URL": postgres.ensure_database("nights_lpa"),
            "PERF_SIRIUS_URL": sirius_url,
            "PERF_FEEDBACK_EXPORTS_DIR": str(folder / "exports"),
        }
        exports = folder / "exports"
        exports.mkdir()
        place = Place(folder, DAYS.first, variables)
        made = World(place, warehouse, variables["PERF_LPA_DATABASE_URL"], exports, {})
        behaviour.edit_answer = made.answer
        made.export("all", DAYS, {}, datetime.now(UTC) - ONE_DAY)
        yield made
    warehouse.dispose()


@pytest.fixture(scope="module")
def nights(world: World) -> dict[str, Night]:
    """Up to an outage of four nights; the night after it; two nights without news; one with; the one after that."""
    build_lpa_database(world.lpa_database_url, DAYS.first, YESTERDAY, share=0.01)
    made = {"before": world.night("--date", str(BEFORE_THE_OUTAGE))}
    made["after the outage"] = world.night()
    made["without news"] = world.night()
    restamp_and_blank(world)
    made["restamped and blanked"] = world.night()
    bring_news(world)
    made["with news"] = world.night()
    made["afterwards"] = world.night()
    return made


def restamp_and_blank(world: World) -> None:
    """On each day before yesterday, edit one application and delete another."""
    connection = connect(world.lpa_database_url)
    with connection, connection.cursor() as cursor:
        for day in DayRange(DAYS.first, YESTERDAY - ONE_DAY):
            cursor.execute(
                'SELECT id FROM applications WHERE "createdAt" >= %s AND "createdAt" < %s ORDER BY id LIMIT 2',
                (start_of(day), start_of(day + ONE_DAY)),
            )
            edited, deleted = (id for (id,) in cursor.fetchall())
            restamp_application(cursor, edited, created_at=datetime.now(UTC) - ONE_DAY)
            blank_application(cursor, deleted)
    connection.close()


def bring_news(world: World) -> None:
    """Ratings that come late, counts that Sirius revises, and an export that counts two days of last month otherwise."""
    connection = connect(world.lpa_database_url)
    with connection, connection.cursor() as cursor:
        for minute in range(3):
            insert_feedback(cursor, start_of(RATED_LATE) + timedelta(hours=9, minutes=minute), "satisfied")
    connection.close()
    world.revised[str(REVISED)] = 12
    world.export("again", EXPORTED_AGAIN, dict.fromkeys(COUNTED_OTHERWISE, 9), datetime.now(UTC))


def test_the_first_night_builds_every_day(nights: dict[str, Night]) -> None:
    assert (nights["before"].status, nights["before"].built) == (0, [f"{DAYS.first} to {BEFORE_THE_OUTAGE}"])


def test_after_an_outage_all_of_its_nights_are_built_and_nothing_else(nights: dict[str, Night]) -> None:
    assert (nights["after the outage"].status, nights["after the outage"].built) == (0, [str(OUTAGE)])


@pytest.mark.parametrize("night", ["without news", "restamped and blanked", "afterwards"])
def test_a_night_without_news_builds_nothing_and_changes_no_figure(nights: dict[str, Night], night: str) -> None:
    assert (nights[night].status, nights[night].built) == (0, [])
    before = list(nights)[list(nights).index(night) - 1]
    assert nights[night].published == nights[before].published


def test_news_build_exactly_the_days_that_they_are_of(nights: dict[str, Night]) -> None:
    days = sorted({RATED_LATE, REVISED, *COUNTED_OTHERWISE})
    assert (nights["with news"].status, nights["with news"].built) == (0, [str(day) for day in days])
    assert nights["with news"].published != nights["restamped and blanked"].published


@pytest.mark.parametrize(
    ("indicator", "days"),
    [
        ("user_satisfaction", {RATED_LATE, *COUNTED_OTHERWISE}),
        ("digital_take_up", {REVISED}),
        ("completion_rate", set()),
    ],
)
@pytest.mark.usefixtures("nights")
def test_what_news_change_is_marked_as_revised_with_its_cause(world: World, indicator: str, days: set[date]) -> None:
    statement = text(
        f"SELECT DISTINCT period_start, revision_cause, markers FROM perf.published_{indicator}"
        " WHERE period = 'day' AND superseded_at IS NULL AND revised_at IS NOT NULL AND markers NOT LIKE '%[c]%'"
    )
    with transaction(world.warehouse) as connection:
        revised = {tuple(row) for row in connection.execute(statement)}
    # The figures of these days were final: all of their sources had said all that they had to say.
    assert revised == {(day, "correction", "[r]") for day in days}


@pytest.mark.usefixtures("nights")
def test_the_status_names_each_day_and_the_source_that_changed_it(world: World) -> None:
    world.revised[str(REVISED)] = 13
    world.export("third", EXPORTED_AGAIN, dict.fromkeys(COUNTED_OTHERWISE, 8), datetime.now(UTC))
    try:
        lines = world.place.run("status").stdout.splitlines()
        begin = lines.index("The next nightly run builds 3 days")
        assert lines[begin + 1 : begin + 4] == [
            *(f"  {day}: changed by done-page since it was built" for day in sorted(COUNTED_OTHERWISE)),
            f"  {REVISED}: changed by sirius since it was built",
        ]
        # Telling of them has not made them known.
        assert len(world.night().built) == 3
    finally:
        world.revised[str(REVISED)] = 12
        assert world.night().built == [str(REVISED)]


@pytest.mark.usefixtures("nights")
def test_two_nightly_runs_at_once_build_each_day_once_and_change_no_figure(world: World) -> None:
    before = world.place.sha256s()
    world.execute(PLAN_AGAIN, day=RATED_LATE)
    both = [world.place.start("nightly") for _ in range(2)]
    said = [process.communicate(timeout=PATIENCE_SECONDS) for process in both]
    ended = [
        world.ended(subprocess.CompletedProcess("nightly", process.returncode, out, err))
        for process, (out, err) in zip(both, said, strict=True)
    ]
    assert [night.status for night in ended] == [0, 0], said
    assert sorted(night.built for night in ended) == [[], [str(RATED_LATE)]]
    assert world.place.sha256s() == before


@pytest.mark.usefixtures("nights")
def test_a_nightly_run_waits_for_one_that_builds_and_says_so(world: World) -> None:
    world.execute(PLAN_AGAIN, day=RATED_LATE)
    with world.place.start("nightly") as first:
        assert first.stderr is not None
        for line in first.stderr:
            if line.startswith("Run 1 of 1"):
                break
        second = world.night()
        assert first.wait(PATIENCE_SECONDS) == 0
    assert (second.status, second.built, WAITING in second.err) == (0, [], True)


@pytest.mark.usefixtures("nights")
def test_a_source_that_can_not_be_compared_fails_the_night_and_is_named_in_the_status(world: World) -> None:
    connection = connect(world.lpa_database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE feedback RENAME TO feedback_away")
        night, told = world.night(), world.place.run("status").stdout
        cursor.execute("ALTER TABLE feedback_away RENAME TO feedback")
    connection.close()
    (failed,) = [line for line in night.err.splitlines() if line.startswith("Failed: ")]
    assert (night.status, night.built) == (1, [])
    assert failed.startswith("Failed: make-a-lpa, in-service: what it has changed could not be looked for.")
    assert "  could not be compared: make-a-lpa, in-service: The service's database" in told
    assert world.night().status == 0
