"""Nights one after the other, by the real command on real systems: what each builds, and that it builds nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import pytest

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange, start_of
from perf_pipeline.demo.sirius_behaviour import ErrorAnswer
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.flow.partitions import reporting_days
from perf_pipeline.orchestration.running import dagster_instance
from perf_pipeline.settings import load_settings
from perf_pipeline_tests.commands import Called
from perf_pipeline_tests.lpa_rows import blank_application, insert_feedback, restamp_application
from perf_pipeline_tests.small_world import SmallWorld, small_world

DAYS = DayRange(date(2026, 3, 18), date(2026, 6, 5))
OUTAGE = DayRange(date(2026, 6, 6), date(2026, 6, 16))
"""Longer than the seven days of ratings that every night reads again."""
TYPED_LATER = date(2026, 6, 1)
"""From here on, applications that were started before the outage got their type in it."""
EXPORTED = DayRange(DAYS.first, date(2026, 5, 31))
REVISED = [DAYS.first + timedelta(days=2 * number) for number in range(25)]
EXPORTED_AGAIN = DayRange(date(2026, 5, 1), date(2026, 5, 31))
COUNTED_OTHERWISE = [day for day in EXPORTED_AGAIN if day.day % 3 == 1]
RATED_LATE = [date(2026, 6, day) for day in (10, 12, 14, 16)]
AFTER_THE_DUE_DAY = date(2026, 7, 8)


@dataclass(frozen=True)
class Night:
    """How a nightly run ended, and what readers found after it."""

    called: Called
    sha256s: dict[str, str]
    releases: int
    versions: dict[tuple[str, str, date, str, str], int]
    """By indicator, service, first day, length and dimension, how many versions of a figure there are."""
    statuses: dict[str, list[str]]
    """What Dagit shows for each day up to the end of the outage, by asset."""


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    with small_world(postgres, tmp_path_factory.mktemp("nights"), "nights", DAYS) as made:
        made.export("all", EXPORTED, saved_on=date(2026, 6, 2))
        yield made


@pytest.fixture(scope="module")
def nights(world: SmallWorld) -> dict[str, Night]:
    """In order: the first; two in an outage of two sources; after it; without news, twice; with news; without news."""
    made = {"first": night(world)}
    world.advance(OUTAGE.last + ONE_DAY)
    with world.lpa_database() as cursor:
        cursor.execute("ALTER TABLE feedback RENAME TO feedback_away")
    for name in ("down", "still down"):
        world.behaviour.play(ErrorAnswer(403, "FORBIDDEN"))
        made[name] = night(world)
    with world.lpa_database() as cursor:
        cursor.execute("ALTER TABLE feedback_away RENAME TO feedback")
    made["healed"] = night(world)
    made["without news"] = night(world)
    restamp_and_blank(world)
    made["restamped and blanked"] = night(world)
    bring_news(world)
    made["with news"] = night(world)
    made["afterwards"] = night(world)
    return made


def night(world: SmallWorld) -> Night:
    called = world.night()
    versions = {
        (indicator, *row[:-1]): row[-1]
        for indicator in ("user_satisfaction", "completion_rate", "digital_take_up")
        for row in world.query(
            "SELECT service, period_start, period, coalesce(to_jsonb(figure) ->> 'source', to_jsonb(figure) ->> 'lpa_type'),"
            f" count(*) FROM perf.published_{indicator} AS figure GROUP BY 1, 2, 3, 4"
        )
    }
    releases = len(list(world.place.publish_dir.joinpath(".releases").iterdir()))
    return Night(called, world.place.sha256s(), releases, versions, statuses(world))


def statuses(world: SmallWorld) -> dict[str, list[str]]:
    days, found = [str(day) for day in DayRange(DAYS.first, OUTAGE.last)], {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**world.place.environment, "DAGSTER_HOME": ""}.items():
            patch.setenv(name, value)
        with dagster_instance(load_settings()) as instance:
            for asset in ("extracted_application_states", "extracted_channel_counts", "source_verdicts", "release"):
                shown = instance.get_status_by_partition(dg.AssetKey(asset), days, reporting_days(DAYS.first))
                found[asset] = ["" if status is None else status.name for status in (shown or {}).values()]
    return found


def restamp_and_blank(world: SmallWorld) -> None:
    """On each day but yesterday, edit one application and delete another."""
    with world.lpa_database() as cursor:
        for day in DayRange(DAYS.first, OUTAGE.last - ONE_DAY):
            cursor.execute(
                'SELECT id FROM applications WHERE "createdAt" >= %s AND "createdAt" < %s ORDER BY id LIMIT 2',
                (start_of(day), start_of(day + ONE_DAY)),
            )
            edited, deleted = (id for (id,) in cursor.fetchall())
            restamp_application(cursor, edited, created_at=start_of(OUTAGE.last) + timedelta(hours=9))
            blank_application(cursor, deleted)


def bring_news(world: SmallWorld) -> None:
    """Forty scattered days: counts that Sirius revises, an export that counts otherwise, ratings that come late."""
    world.revised.update(dict.fromkeys(REVISED, 12))
    world.export("again", EXPORTED_AGAIN, dict.fromkeys(COUNTED_OTHERWISE, 9), saved_on=OUTAGE.last)
    with world.lpa_database() as cursor:
        for day in RATED_LATE:
            insert_feedback(cursor, start_of(day) + timedelta(hours=9), "satisfied")


def test_the_first_night_builds_every_day(nights: dict[str, Night]) -> None:
    called = nights["first"].called
    assert (called.status, called.built, called.failures) == (0, [str(DAYS)], [])
    assert {status for shown in nights["first"].statuses.values() for status in shown[: len(DAYS)]} == {"MATERIALIZED"}


def test_sources_that_are_down_are_named_in_a_line_each_and_hold_back_nothing_else(nights: dict[str, Night]) -> None:
    called = nights["down"].called
    assert (called.status, called.built, len(called.failures)) == (1, [f"{TYPED_LATER} to {OUTAGE.last}"], 2)
    # They are the last of all, so that nobody has to look for them above the progress.
    assert called.err.splitlines()[-2:] == called.failures
    for source, line in zip(("sirius", "in-service"), sorted(called.failures), strict=True):
        assert f"{OUTAGE}: {source}: " in line
        assert "Next step: " in line
    published = {key[0] for key in nights["down"].versions if key[2:4] == (OUTAGE.last, "day")}
    assert published == {"completion_rate"}


def test_the_next_night_of_an_outage_fails_in_the_same_lines_and_builds_nothing(nights: dict[str, Night]) -> None:
    called = nights["still down"].called
    assert (called.status, called.built) == (1, [])
    assert called.failures == nights["down"].called.failures
    assert nights["still down"].versions == nights["down"].versions


def test_after_an_outage_longer_than_a_source_s_window_everything_of_it_is_made_up_for(
    nights: dict[str, Night],
) -> None:
    called = nights["healed"].called
    assert (called.status, called.built) == (0, [str(OUTAGE)])
    figures = {(key[0], key[4], key[2]) for key in nights["healed"].versions if key[3] == "day"}
    for indicator, dimension in (("user_satisfaction", "in-service"), ("digital_take_up", "all")):
        assert {(indicator, dimension, day) for day in DayRange(DAYS.first, OUTAGE.last)} <= figures


def test_dagit_shows_the_days_of_an_outage_as_failed_until_they_are_made_up_for(nights: dict[str, Night]) -> None:
    down, healed = nights["still down"].statuses, nights["healed"].statuses
    assert down["extracted_channel_counts"] == ["MATERIALIZED"] * len(DAYS) + ["FAILED"] * len(OUTAGE)
    assert set(down["extracted_application_states"]) == set(down["release"]) == {"MATERIALIZED"}
    assert {status for shown in healed.values() for status in shown} == {"MATERIALIZED"}


@pytest.mark.parametrize("name", ["without news", "restamped and blanked", "afterwards"])
def test_a_night_without_news_builds_nothing_and_changes_no_figure(nights: dict[str, Night], name: str) -> None:
    assert (nights[name].called.status, nights[name].called.built) == (0, [])
    before = list(nights)[list(nights).index(name) - 1]
    assert nights[name].sha256s == nights[before].sha256s


def test_forty_scattered_days_take_four_runs_one_release_and_one_step_of_each_figure(nights: dict[str, Night]) -> None:
    before, after = nights["restamped and blanked"], nights["with news"]
    assert (after.called.status, len(after.called.built)) == (0, 4)
    assert after.releases == before.releases + 1
    steps = {key: count - before.versions.get(key, 0) for key, count in after.versions.items()}
    changed = {(key[0], key[4], key[2]) for key, count in steps.items() if count and key[3] == "day"}
    assert set(steps.values()) == {0, 1}
    assert changed >= {
        *(("digital_take_up", "all", day) for day in REVISED),
        *(("user_satisfaction", "done-page", day) for day in COUNTED_OTHERWISE),
        *(("user_satisfaction", "in-service", day) for day in RATED_LATE),
    }
    months = {(key[0], key[2].month) for key, count in steps.items() if count and key[3] == "month"}
    assert months >= {("digital_take_up", 3), ("digital_take_up", 4), ("user_satisfaction", 5)}


@pytest.mark.usefixtures("nights")
@pytest.mark.parametrize(
    ("indicator", "days"),
    [("user_satisfaction", {*COUNTED_OTHERWISE, *RATED_LATE}), ("digital_take_up", {*REVISED})],
)
def test_what_news_change_is_marked_as_revised_with_its_cause(
    world: SmallWorld, indicator: str, days: set[date]
) -> None:
    revised = world.query(
        f"SELECT DISTINCT period_start, revision_cause, markers FROM perf.published_{indicator}"
        " WHERE period = 'day' AND superseded_at IS NULL AND revised_at IS NOT NULL"
    )
    # The figures of these days were final: all of their sources had said all that they had to say.
    assert {tuple(row) for row in revised} == {(day, "correction", "[r]") for day in days}


@pytest.mark.usefixtures("nights")
def test_a_late_source_is_reported_every_night_and_a_service_that_is_taken_out_no_more(world: SmallWorld) -> None:
    world.today = AFTER_THE_DUE_DAY
    until_then = ("nightly", "--date", str(OUTAGE.last))
    first, second = world.command(*until_then), world.command(*until_then)
    assert [(called.status, called.built, len(called.failures)) for called in (first, second)] == [(1, [], 2)] * 2
    for service, line in zip(("make-a-lpa", "use-an-lpa"), sorted(second.failures), strict=True):
        assert line.startswith(
            f"Failed: {service}, extracted_feedback, 2026-06-01 to 2026-06-30: the source is late. Found: "
        )
    only_one = world.place.folder / "services.toml"
    only_one.write_text(
        '[use-an-lpa]\ntitle = { en = "Use an LPA", cy = "Defnyddio" }\nfeed = "use_an_lpa"\n'
        'sources = { done-page = { slug = "use-lasting-power-of-attorney" } }\n'
        'indicators = { user-satisfaction = "public" }\nheadline_sources = [{ from = 2021-03-01, source = "done-page" }]\n'
    )
    alone = world.command(*until_then, PERF_SERVICES_FILE=str(only_one))
    assert (alone.status, alone.built, alone.failures) == (1, [], [sorted(second.failures)[1]])
