"""Five spoiled days among eighty: they alone are held back, the run names them, and once mended they are published.

Four are spoiled in Sirius, over real HTTP; the fifth in our own tables, by a trigger that puts in a percentage which can't
be, as a fault of ours would.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from perf_pipeline.catalogue.reporting_days import DayRange, month_start
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline_tests.commands import YESTERDAY, Called
from perf_pipeline_tests.small_world import SmallWorld, small_world

DAYS = DayRange(YESTERDAY - timedelta(days=79), YESTERDAY)
"""More than Dagster is shown the verdict on."""
OUT_OF_CONTRACT, MISSING, WRONG_SUM, TWICE, IMPOSSIBLE = (DAYS.first + timedelta(days=n) for n in range(40, 45))
SPOILED = [OUT_OF_CONTRACT, MISSING, WRONG_SUM, TWICE, IMPOSSIBLE]
FILE = "make-a-lpa/digital-take-up-{}.csv"
_TRIGGER = f"""
CREATE FUNCTION perf.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.digital_take_up_percent = 140; RETURN NEW; END $$;
CREATE TRIGGER spoil BEFORE INSERT ON perf.daily_digital_take_up
FOR EACH ROW WHEN (NEW.report_date = '{IMPOSSIBLE}') EXECUTE FUNCTION perf.spoil()
"""

Rows = dict[date, dict[str, str]]


@dataclass
class Moment:
    """How a command ended, and what readers and operators found after it."""

    called: Called
    days: Rows
    months: Rows
    failed: dict[date, set[str]]
    """The checks that failed, by period."""


def spoil(world: SmallWorld) -> None:
    """Let Sirius leave out one day, break the contract on two, and give one type of another twice."""

    def spoil_answer(answer: dict[str, Any]) -> None:
        world.answer(answer)
        for row in answer.get("data", []):
            if row["period"] == str(OUT_OF_CONTRACT):
                row["channels"]["paper"] -= row["total"] + 1
                row["total"] = sum(row["channels"].values())
            if row["period"] == str(WRONG_SUM):
                row["total"] += 1
            if row["period"] == str(TWICE):
                row["caseSubtype"] = "hw"

    world.behaviour.missing_days, world.behaviour.edit_answer = frozenset({MISSING}), spoil_answer
    world.execute(_TRIGGER)


def mend(world: SmallWorld) -> None:
    world.behaviour.missing_days, world.behaviour.edit_answer = frozenset(), world.answer
    # A fault of ours is mended by other code than the one that built the day.
    world.execute(
        "DROP TRIGGER spoil ON perf.daily_digital_take_up; DROP FUNCTION perf.spoil;"
        " UPDATE perf.built_periods SET code_version = 'the faulty one' WHERE NOT has_passed"
    )


def moment(world: SmallWorld, *arguments: str) -> Moment:
    called = world.command(*arguments, PERF_LPA_DATABASE_URL="", PERF_FEEDBACK_EXPORTS_DIR="")
    days, months = (totals(world.place.publish_dir / FILE.format(period)) for period in ("daily", "monthly"))
    failed: dict[date, set[str]] = {}
    for row in world.query("SELECT * FROM perf.verdicts WHERE result <> 'passed' AND severity <> 'warning'"):
        failed.setdefault(row.period_start, set()).add(row.check_name)
    return Moment(called, days, months, failed)


def totals(file: Path) -> Rows:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["lpa_type"] == "all"]
    return {date.fromisoformat(row["period_start"]): row for row in rows}


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    with small_world(postgres, tmp_path_factory.mktemp("spoiled"), "spoiled", DAYS) as made:
        yield made


@pytest.fixture(scope="module")
def moments(world: SmallWorld) -> dict[str, Moment]:
    """Spoiled and built; mended and healed by the nightly run; spoiled again and built again."""
    spoil(world)
    made = {"spoiled": moment(world, "backfill", "--from", str(DAYS.first), "--to", str(DAYS.last))}
    mend(world)
    made["mended"] = moment(world, "nightly")
    spoil(world)
    made["spoiled again"] = moment(world, "backfill", "--from", str(SPOILED[0]), "--to", str(SPOILED[-1]))
    return made


def test_the_good_days_are_published_and_the_spoiled_ones_are_not(moments: dict[str, Moment]) -> None:
    assert set(moments["spoiled"].days) == set(DAYS) - set(SPOILED)


def test_the_command_fails_and_names_the_five_days_each_with_its_reason(moments: dict[str, Moment]) -> None:
    called = moments["spoiled"].called
    assert called.status == 1
    for day in SPOILED:
        assert any(str(day) in line and "Next step: " in line for line in called.failures), day
    for reason in ("negative count", "no usable data", "total is not sum of channels", "duplicate row", "140.00 %"):
        assert any(reason in line for line in called.failures), reason


def test_the_verdict_on_each_day_says_why_and_no_other_day_failed(moments: dict[str, Moment]) -> None:
    failed = moments["spoiled"].failed
    for day in set(SPOILED) - {IMPOSSIBLE}:
        assert failed[day] == {"sources_hold_every_day_they_call_complete"}
    assert "rows_keep_their_contract" in failed[IMPOSSIBLE]
    assert set(failed) - set(map(month_start, SPOILED)) == set(SPOILED) - set(map(month_start, SPOILED))


@pytest.mark.usefixtures("moments")
def test_dagit_shows_the_verdict_on_a_spoiled_day_after_a_long_range_too(world: SmallWorld) -> None:
    shown = {
        day: {
            row.execution_status
            for row in world.query(
                "SELECT execution_status FROM perf_dagster.asset_check_executions"
                " WHERE asset_key LIKE '%daily_digital_take_up%' AND partition = :day",
                day=str(day),
            )
        }
        for day in (IMPOSSIBLE, DAYS.last)
    }
    # It was mended and spoiled again.
    assert shown == {IMPOSSIBLE: {"FAILED", "SUCCEEDED"}, DAYS.last: {"SUCCEEDED"}}


def test_a_month_with_a_spoiled_day_is_the_sum_of_its_good_days_and_says_so(moments: dict[str, Moment]) -> None:
    moment, first = moments["spoiled"], month_start(IMPOSSIBLE)
    good = [row for day, row in moment.days.items() if month_start(day) == first]
    month = moment.months[first]
    assert int(month["total_count"]) == sum(int(row["total_count"]) for row in good)
    assert int(month["days_included_count"]) == len(good) < int(month["days_expected_count"])
    assert month["markers"].startswith("[e][p]")


def test_mending_the_source_and_one_nightly_run_publish_the_five(moments: dict[str, Moment]) -> None:
    moment = moments["mended"]
    assert (moment.called.status, moment.called.failures) == (0, [])
    assert set(moment.days) == set(DAYS)
    assert moment.failed == {}


def test_days_that_are_spoiled_later_keep_their_last_good_figures(moments: dict[str, Moment]) -> None:
    again, mended = moments["spoiled again"], moments["mended"]
    assert again.called.status == 1
    assert {day: again.days[day] for day in SPOILED} == {day: mended.days[day] for day in SPOILED}
    assert again.months == mended.months


def test_no_release_ever_held_a_wrong_figure(world: SmallWorld, moments: dict[str, Moment]) -> None:
    right = moments["mended"].days
    releases = list(world.place.publish_dir.joinpath(".releases").iterdir())
    assert len(releases) >= 2
    counts = [column for column in right[DAYS.last] if column.endswith(("_count", "_percent"))]
    for release in releases:
        for day, row in totals(release / FILE.format("daily")).items():
            assert [row[column] for column in counts] == [right[day][column] for column in counts]
