"""Five spoiled days among 426: they alone are held back, the run names them, and once they are mended they are published.

Four are spoiled in Sirius, over real HTTP; the fifth in our own tables, by a trigger that puts in a percentage which can't
be, as a fault of ours would.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.warehouse.engine import connected, transaction, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline_tests.commands import Place

TODAY = last_ended_day(datetime.now(UTC)) + timedelta(days=1)
LAST = TODAY - timedelta(days=1)
DAYS = DayRange(LAST - timedelta(days=425), LAST)
OUT_OF_CONTRACT, MISSING, WRONG_SUM, TWICE, IMPOSSIBLE = (
    DAYS.first + timedelta(days=n) for n in (40, 111, 180, 260, 333)
)
SPOILED = [OUT_OF_CONTRACT, MISSING, WRONG_SUM, TWICE, IMPOSSIBLE]
FILE = "make-a-lpa/digital-take-up-daily.csv"
_TRIGGER = """
CREATE FUNCTION perf.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.digital_take_up_percent := 140; RETURN NEW; END $$;
CREATE TRIGGER spoil BEFORE INSERT ON perf.daily_digital_take_up
FOR EACH ROW WHEN (NEW.report_date = '{day}') EXECUTE FUNCTION perf.spoil()
"""


def spoil(answer: dict[str, Any]) -> None:
    """Break the contract on one day, and give one type of another day twice."""
    for row in answer.get("data", []):
        if row["period"] == str(OUT_OF_CONTRACT):
            row["channels"]["paper"] -= row["total"] + 1
            row["total"] = sum(row["channels"].values())
        if row["period"] == str(TWICE):
            row["caseSubtype"] = "hw"


@dataclass
class Moment:
    """How a command ended, and what readers found after it."""

    status: int
    err: str
    figures: dict[date, tuple[str, ...]]
    months: dict[str, dict[str, str]]
    verdicts: dict[date, set[str]]


@dataclass
class World:
    """A place with its warehouse and a Sirius that can be spoiled."""

    place: Place
    warehouse: Engine
    behaviour: SiriusBehaviour
    moments: dict[str, Moment] = field(default_factory=dict)

    def spoil(self) -> None:
        self.behaviour.missing_days = frozenset({MISSING})
        self.behaviour.wrong_total_days = frozenset({WRONG_SUM})
        self.behaviour.edit_answer = spoil
        self._execute(_TRIGGER.format(day=IMPOSSIBLE))

    def mend(self) -> None:
        self.behaviour.missing_days = self.behaviour.wrong_total_days = frozenset()
        self.behaviour.edit_answer = None
        self._execute("DROP TRIGGER spoil ON perf.daily_digital_take_up; DROP FUNCTION perf.spoil")

    def run(self, name: str, *arguments: str) -> None:
        ended = self.place.run(*arguments)
        folder = self.place.publish_dir
        rows = cells(folder / FILE)
        self.moments[name] = Moment(
            ended.returncode,
            ended.stderr,
            {date.fromisoformat(row["period_start"]): tuple(row.values()) for row in rows if row["lpa_type"] == "all"},
            {
                row["period_start"]: row
                for row in cells(folder / FILE.replace("daily", "monthly"))
                if row["lpa_type"] == "all"
            },
            self._failed_checks(),
        )

    def _execute(self, statements: str) -> None:
        with transaction(self.warehouse) as connection:
            connection.execute(text(statements))

    def _failed_checks(self) -> dict[date, set[str]]:
        failed: dict[date, set[str]] = {}
        statement = (
            "SELECT report_date, check_name FROM perf.verdicts WHERE result <> 'passed' AND severity <> 'warning'"
        )
        with connected(self.warehouse) as connection:
            for row in connection.execute(text(statement)):
                failed.setdefault(row.report_date, set()).add(row.check_name)
        return failed


def cells(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Spoiled and built; only published again; mended and healed by the nightly run; spoiled again and built again."""
    folder, behaviour = tmp_path_factory.mktemp("spoiled"), SiriusBehaviour(hiccup_every=0)
    url = postgres.ensure_database("spoiled_warehouse")
    warehouse = warehouse_engine(url)
    migrate(warehouse)
    with sirius_server(today=TODAY, behaviour=behaviour) as sirius_url:
        place = Place(folder, DAYS.first, {"PERF_DATABASE_URL": url, "PERF_SIRIUS_URL": sirius_url})
        made = World(place, warehouse, behaviour)
        backfill = ("backfill", "--from", str(DAYS.first), "--to", str(DAYS.last))
        made.spoil()
        made.run("spoiled", *backfill)
        made.mend()
        made.run("mended", "nightly")
        made.spoil()
        made.run("spoiled again", *backfill)
        yield made
    warehouse.dispose()


def test_the_good_days_are_published_and_the_spoiled_ones_are_not(world: World) -> None:
    assert set(world.moments["spoiled"].figures) == set(DAYS) - set(SPOILED)
    assert len(world.moments["spoiled"].figures) == 421


def test_the_command_fails_and_names_the_five_days_each_with_its_reason(world: World) -> None:
    moment = world.moments["spoiled"]
    assert moment.status == 1
    told = [line for line in moment.err.splitlines() if line.startswith("Failed: ")]
    for day in SPOILED:
        assert any(str(day) in line and "Next step: " in line for line in told), day
    for reason in ("negative_count", "has no whole day", "total_is_not_sum_of_channels", "duplicate_row", "140.00"):
        assert any(reason in line for line in told), reason


@pytest.mark.parametrize(
    ("day", "check"),
    [
        (OUT_OF_CONTRACT, "sources_hold_every_day_they_call_complete"),
        (MISSING, "sources_hold_every_day_they_call_complete"),
        (WRONG_SUM, "sources_hold_every_day_they_call_complete"),
        (TWICE, "sources_hold_every_day_they_call_complete"),
        (IMPOSSIBLE, "rows_keep_their_contract"),
    ],
)
def test_the_verdict_on_each_day_says_why(world: World, day: date, check: str) -> None:
    assert check in world.moments["spoiled"].verdicts[day]


def test_dagit_shows_the_verdict_on_a_spoiled_day_after_a_long_range_too(world: World) -> None:
    statement = text(
        "SELECT DISTINCT execution_status FROM perf_dagster.asset_check_executions"
        " WHERE asset_key LIKE '%daily_digital_take_up%' AND partition = :day"
    )
    with connected(world.warehouse) as connection:
        shown = {day: set(connection.execute(statement, {"day": str(day)}).scalars()) for day in (IMPOSSIBLE, LAST)}
    # It was mended and spoiled again.
    assert shown == {IMPOSSIBLE: {"FAILED", "SUCCEEDED"}, LAST: {"SUCCEEDED"}}


def test_no_other_day_failed(world: World) -> None:
    months = {day.replace(day=1) for day in SPOILED}
    assert set(world.moments["spoiled"].verdicts) - months == set(SPOILED) - months


def test_a_month_with_a_spoiled_day_is_the_sum_of_its_good_days_and_says_so(world: World) -> None:
    month = IMPOSSIBLE.replace(day=1)
    spoiled = world.moments["spoiled"].months[str(month)]
    good = [figures for day, figures in world.moments["spoiled"].figures.items() if day.replace(day=1) == month]
    header = list(cells(world.place.publish_dir / FILE)[0])
    assert int(spoiled["total_count"]) == sum(int(figures[header.index("total_count")]) for figures in good)
    assert int(spoiled["days_included_count"]) == int(spoiled["days_expected_count"]) - 1
    assert spoiled["markers"].startswith("[e][p]")


def test_mending_the_source_and_one_nightly_run_publish_the_five(world: World) -> None:
    moment = world.moments["mended"]
    assert (moment.status, "Failed" in moment.err) == (0, False)
    assert set(moment.figures) == set(DAYS)
    assert moment.verdicts == {}


def test_days_that_are_spoiled_later_keep_their_last_good_figures(world: World) -> None:
    again, mended = world.moments["spoiled again"], world.moments["mended"]
    assert again.status == 1
    assert {day: again.figures[day] for day in SPOILED} == {day: mended.figures[day] for day in SPOILED}
    assert again.months == mended.months


def test_no_release_ever_held_a_wrong_figure(world: World) -> None:
    right = world.moments["mended"].figures
    releases = sorted(world.place.publish_dir.joinpath(".releases").iterdir())
    assert len(releases) >= 2
    columns = list(cells(world.place.publish_dir / FILE)[0])
    counts = slice(columns.index("online_count"), columns.index("digital_take_up_percent") + 1)
    for release in releases:
        for row in cells(release / FILE):
            if row["lpa_type"] == "all":
                assert tuple(row.values())[counts] == right[date.fromisoformat(row["period_start"])][counts]
